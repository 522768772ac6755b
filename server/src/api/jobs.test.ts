import { describe, expect, test } from 'vitest'
import { type TestApi, withTestApi } from './test-api.ts'

type Job = {
  id: string
  jobType: string
  suspended: boolean
  paused: boolean
  disabledCI: boolean
  artifact: string | null
  settings: {
    backoffLimit: number
    activeDeadlineSeconds: number | null
    cron?: { schedule: string; concurrencyPolicy: string }
  }
}

const JOBS = '/v1/projects/shop/jobs'

const inShop = (work: (api: TestApi) => Promise<void>): Promise<void> =>
  withTestApi(async (api) => {
    await api.ok('POST', '/v1/projects', { name: 'shop' })
    await work(api)
  })

const migrate = {
  name: 'migrate',
  billing: { deploymentPlan: 'nf-compute-20' },
  backoffLimit: 1,
  activeDeadlineSeconds: 120,
  deployment: { external: { imagePath: 'shop/migrate:1' } },
}

const nightly = { ...migrate, name: 'nightly', schedule: '30 2 * * *', concurrencyPolicy: 'forbid' }

describe('200', () => {
  test('the typed and the generic forms make the same job', () =>
    inShop(async ({ ok }) => {
      const typed = await ok<Job>('POST', `${JOBS}/manual`, migrate)
      const { backoffLimit, activeDeadlineSeconds, ...rest } = migrate
      const settings = { backoffLimit, activeDeadlineSeconds }
      const generic = await ok<Job>('POST', JOBS, { ...rest, name: 'other', settings })
      expect(typed).toMatchObject({
        jobType: 'manual',
        artifact: expect.stringMatching(/^shop\/migrate@sha256:[a-f0-9]{64}$/),
        settings,
      })
      expect(generic.settings).toEqual(typed.settings)
      expect(await ok('GET', JOBS)).toMatchObject({ jobs: [{ id: 'migrate' }, { id: 'other' }] })
    }))

  test('a cron job shows its schedule; a patch keeps what it does not name', () =>
    inShop(async ({ ok }) => {
      const made = await ok<Job>('POST', `${JOBS}/cron`, nightly)
      expect(made).toMatchObject({
        jobType: 'cron',
        settings: { cron: { schedule: '30 2 * * *', concurrencyPolicy: 'Forbid' } },
      })
      const changed = await ok<Job>('PATCH', `${JOBS}/cron/nightly`, { schedule: '@hourly' })
      expect(changed.settings).toMatchObject({
        backoffLimit: 1,
        cron: { schedule: '@hourly', concurrencyPolicy: 'Forbid' },
      })
      await ok('POST', `${JOBS}/nightly/settings`, { backoffLimit: 3, activeDeadlineSeconds: null })
      const { settings } = await ok<Job>('GET', `${JOBS}/nightly`)
      expect(settings).toMatchObject({ backoffLimit: 3, activeDeadlineSeconds: null })
    }))

  test('suspending, pausing and resuming', () =>
    inShop(async ({ ok }) => {
      await ok('POST', `${JOBS}/cron`, nightly)
      await ok('POST', `${JOBS}/nightly/suspend`, { suspended: true })
      await ok('POST', `${JOBS}/nightly/pause`)
      expect(await ok('GET', `${JOBS}/nightly`)).toMatchObject({
        suspended: true,
        paused: true,
        disabledCI: true,
      })
      await ok('POST', `${JOBS}/nightly/resume`, { suspended: false })
      expect(await ok('GET', `${JOBS}/nightly`)).toMatchObject({
        suspended: false,
        paused: false,
        disabledCI: false,
      })
    }))

  test('a run is started, read, listed and aborted', () =>
    inShop(async ({ ok }) => {
      await ok('POST', `${JOBS}/manual`, migrate)
      const { id, runName } = await ok<{ id: string; runName: string }>('POST', `${JOBS}/migrate/runs`, {
        runtimeEnvironment: { DRY: true },
      })
      const run = await ok('GET', `${JOBS}/migrate/runs/${id}`)
      expect(run).toMatchObject({ id, runName, concluded: false, backoffLimit: 1 })
      expect(await ok('GET', `${JOBS}/migrate/runs`)).toEqual({ runs: [run] })
      await ok('DELETE', `${JOBS}/migrate/runs/${id}`)
    }))

  test('a deleted job and its values are gone', () =>
    inShop(async ({ ok, db }) => {
      await ok('POST', `${JOBS}/manual`, { ...migrate, runtimeEnvironment: { TOKEN: 'geheim' } })
      await ok('DELETE', `${JOBS}/migrate`)
      expect(await ok('GET', JOBS)).toEqual({ jobs: [] })
      expect(await db.selectFrom('own_secret').select('version').execute()).toEqual([])
    }))
})

describe('400', () => {
  test.each<[string, object, string]>([
    ['a schedule of four fields', { schedule: '* * * *' }, 'schedule'],
    ['a minute that there is not', { schedule: '61 * * * *' }, 'schedule'],
    ['a negative number of retries', { backoffLimit: -1 }, 'backoffLimit'],
    ['a name that is too long', { name: 'x'.repeat(53) }, 'name'],
  ])('%s', (_title, change, field) =>
    inShop(async ({ call, ok }) => {
      const { status, body } = await call('POST', `${JOBS}/cron`, { ...nightly, ...change })
      expect(status).toBe(400)
      expect(JSON.stringify(body)).toContain(field)
      expect(await ok('GET', JOBS)).toEqual({ jobs: [] })
    }),
  )
})

describe('409', () => {
  test('a cron job cannot become a manual one, nor an image one build from git', () =>
    inShop(async ({ call, ok }) => {
      await ok('POST', `${JOBS}/cron`, nightly)
      expect((await call('PUT', `${JOBS}/manual`, { ...migrate, name: 'nightly' })).status).toBe(409)
      const vcs = { projectUrl: 'https://git.test/x.git', projectBranch: 'main' }
      expect((await call('PATCH', `${JOBS}/nightly`, { deployment: { vcs } })).status).toBe(409)
    }))

  test('a job that runs is not deleted', () =>
    inShop(async ({ call, ok }) => {
      await ok('POST', `${JOBS}/manual`, migrate)
      await ok('POST', `${JOBS}/migrate/runs`, {})
      expect((await call('DELETE', `${JOBS}/migrate`)).status).toBe(409)
    }))
})
