import { describe, expect, it } from 'vitest'
import { toJson, transaction } from '../db/db.ts'
import { noteTrouble, wantReport } from '../db/host-reports.ts'
import { insertTriggerEvent } from '../db/trigger-events.ts'
import { newId } from '../db/work.ts'
import { emptyEvent } from '../hosts/event-parts.ts'
import { type TestApi, withTestApi } from './test-api.ts'

const SHA = 'e'.repeat(40)
const REPOSITORY = 'https://github.com/acme/shop'

async function project({ db }: TestApi): Promise<void> {
  await db.insertInto('project').values({ id: 'shop', name: 'Shop' }).execute()
  const spec = toJson({ vcsData: { projectUrl: REPOSITORY } })
  await db
    .insertInto('service')
    .values({ project_id: 'shop', id: 'web', kind: 'build', name: 'web', spec })
    .execute()
}

const add = (api: TestApi, more: object = {}) =>
  api.ok('POST', '/v1/integrations/vcs', { name: 'hub', host: 'github', ...more })

describe('what an account reports', () => {
  it('is statuses and no comments until it is changed, each by itself', () =>
    withTestApi(async (api) => {
      expect(await add(api)).toMatchObject({
        apiUrl: 'https://api.github.com',
        reporting: { statuses: true, comments: false },
        knownHosts: null,
      })
      const patched = await api.ok('PATCH', '/v1/integrations/vcs/hub', {
        reporting: { comments: true },
        apiUrl: 'https://hub.example.com/api/v3/',
      })
      expect(patched).toMatchObject({
        apiUrl: 'https://hub.example.com/api/v3',
        reporting: { statuses: true, comments: true },
      })
    }))

  it.each([
    [{ apiUrl: 'ftp://x' }, 'apiUrl'],
    [{ apiUrl: 'https://user:secret@x' }, 'apiUrl'],
    [{ reporting: { status: true } }, 'reporting'],
    [{ knownHosts: 'one line of no key' }, 'knownHosts'],
    [{ knownHosts: '@cert-authority * ssh-ed25519 AAAA' }, 'knownHosts'],
  ])('is refused when it is wrong: %j', (patch, field) =>
    withTestApi(async (api) => {
      await add(api)
      const { status, body } = await api.call('PATCH', '/v1/integrations/vcs/hub', patch)
      expect(status).toBe(400)
      expect(JSON.stringify(body)).toContain(field)
    }),
  )

  it('is listed with its last error, by state', () =>
    withTestApi(async (api) => {
      await project(api)
      await add(api)
      await transaction(api.db, async (tx) => {
        const common = {
          accountId: 'hub',
          repository: 'acme/shop',
          context: 'fairway/shop/web',
          projectId: 'shop',
        }
        const subject = { kind: 'build', id: 'shop/quick-fox-1', at: new Date() } as const
        const wanted = { state: 'failure', description: 'Build failed.', url: null } as const
        await wantReport(tx, { ...common, subject, kind: 'status', target: SHA, wanted })
        await wantReport(tx, {
          ...common,
          subject,
          kind: 'comment',
          target: '7',
          wanted: { body: 'It failed.' },
        })
        const { id } = await tx
          .selectFrom('host_report')
          .select('id')
          .where('kind', '=', 'status')
          .executeTakeFirstOrThrow()
        await noteTrouble(tx, id, { error: 'The git host answered 404.', arrived: 'no', final: false })
      })
      const path = '/v1/integrations/vcs/hub/reports'
      const { reports } = await api.ok<{ reports: object[] }>('GET', path)
      expect(reports).toHaveLength(2)
      expect(reports).toContainEqual(
        expect.objectContaining({
          kind: 'status',
          sha: SHA,
          pullRequestId: null,
          state: 'failure',
          status: 'pending',
          error: 'The git host answered 404.',
          subject: { kind: 'build', id: 'shop/quick-fox-1' },
        }),
      )
      expect(reports).toContainEqual(
        expect.objectContaining({ kind: 'comment', sha: null, pullRequestId: 7, text: 'It failed.' }),
      )
      expect(await api.ok('GET', `${path}?status=sent`)).toEqual({ reports: [] })
      expect((await api.call('GET', '/v1/integrations/vcs/nobody/reports')).status).toBe(404)
    }))
})

describe('a build of a pull request, asked for by number', () => {
  const tell = ({ db }: TestApi, after: string, change: { fromFork?: boolean; action?: 'closed' } = {}) =>
    transaction(db, (tx) =>
      insertTriggerEvent(tx, {
        id: newId(),
        source: 'webhook',
        stream: 'test',
        status: 'judged',
        event: {
          ...emptyEvent('github', 'pull_request'),
          kind: 'pull_request',
          repository: { name: 'acme/shop', urls: [`${REPOSITORY}.git`] },
          branch: 'feature',
          after,
          pullRequest: {
            id: 7,
            action: 'updated',
            draft: false,
            fromFork: false,
            base: { branch: 'main', sha: null },
            ...change,
          },
        },
      }),
    )
  const ask = (api: TestApi, pullRequestId = 7) =>
    api.call('POST', '/v1/projects/shop/services/web/build', { pullRequestId })

  it('is of the branch and commit that the host named last, and knows its number', () =>
    withTestApi(async (api) => {
      await project(api)
      await tell(api, 'd'.repeat(40))
      await tell(api, SHA)
      expect((await ask(api)).body).toMatchObject({ data: { branch: 'feature', sha: SHA, pullRequestId: 7 } })
    }))

  it('is refused with a reason when it is unknown, closed, or from a fork', () =>
    withTestApi(async (api) => {
      await project(api)
      expect((await ask(api)).status).toBe(404)
      await tell(api, SHA, { fromFork: true })
      const forked = await ask(api)
      expect(forked.status).toBe(409)
      expect(JSON.stringify(forked.body)).toContain('forks')
      await tell(api, SHA, { action: 'closed' })
      expect((await ask(api)).status).toBe(409)
      expect(await api.db.selectFrom('build').select('id').execute()).toEqual([])
    }))
})
