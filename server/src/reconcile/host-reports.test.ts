import { describe, expect, it } from 'vitest'
import { transaction } from '../db/db.ts'
import { moveRun } from '../db/release-runs.ts'
import { until } from '../lib/test-until.ts'
import { changeGitAccount } from '../operations/git-accounts/save.ts'
import { hostReportCrashPoints, retryMs } from './host-reports.ts'
import { type ReportWorld, SHA, sealer, withReportWorld } from './host-reports-test-project.ts'

const ALL_THE_WAY = ['PENDING', 'STARTING', 'CLONING', 'BUILDING', 'UPLOADING', 'SUCCESS'] as const
const pullRequest = { id: 7, action: 'updated', draft: false, fromFork: false } as const

/** Runs work beside a living worker. */
async function beside(world: ReportWorld, work: () => Promise<unknown>): Promise<void> {
  const worker = await world.worker()
  try {
    await work()
  } finally {
    await worker.stop()
  }
}

describe('commit statuses', () => {
  it('say once that a build is under way and once how it ended, with a sentence and a link', () =>
    withReportWorld(async (world) => {
      await world.account()
      await beside(world, async () => {
        const build = await world.build()
        await world.settled()
        await world.move(build, ALL_THE_WAY)
        await world.settled()
        expect(world.host.statuses.get(SHA)).toMatchObject([
          {
            state: 'pending',
            context: 'fairway/shop/api',
            description: `Build ${build} is under way.`,
            target_url: 'https://fairway.example.com/projects/shop/services/api',
          },
          { state: 'success', description: `Build ${build} succeeded.` },
        ])
        expect(world.host.writes()).toHaveLength(2)
        expect(world.host.writes()[0]?.headers.authorization).toBe('token the-token')
      })
    }))

  it('say why a build failed, in one line that the host shows whole', () =>
    withReportWorld(async (world) => {
      await world.account()
      const build = await world.build()
      const message = `npm run build ended with code 1.\n${'x'.repeat(300)}`
      await world.move(build, ['FAILURE'], { error: { code: 'build_failed', message, log: [] } })
      await beside(world, world.settled)
      const [status] = world.host.statuses.get(SHA) ?? []
      expect(status).toMatchObject({ state: 'failure' })
      expect(status?.description).toMatch(/^Build \S+ failed: npm run build ended with code 1\. x+…$/)
      expect(String(status?.description)).toHaveLength(140)
    }))

  it('cost nothing where no account sends any', () =>
    withReportWorld(async (world) => {
      await world.account({ statuses: false })
      await world.build()
      await beside(world, world.settled)
      expect(world.host.requests).toEqual([])
      expect(
        await world.db.selectFrom('work_item').where('kind', '=', 'host_report').selectAll().execute(),
      ).toEqual([])
    }))

  it('of an older build do not overwrite those of a newer build of the same commit', () =>
    withReportWorld(async (world) => {
      await world.account()
      await beside(world, async () => {
        const older = await world.build()
        await world.settled()
        const newer = await world.build()
        await world.move(newer, ALL_THE_WAY)
        await world.settled()
        await world.move(older, ['ABORTED'])
        await world.settled()
        expect(world.told().at(-1)).toBe('success')
      })
    }))
})

describe('a release that a push started', () => {
  it('is told of at its commit, and one that a person started is not', () =>
    withReportWorld(async (world) => {
      await world.account()
      const run = await world.run('automatic')
      const other = await world.run('manual')
      await beside(world, async () => {
        await world.settled()
        for (const id of [run, other])
          await transaction(world.db, async (tx) => {
            await moveRun(tx, id, { to: 'running' })
            await moveRun(tx, id, { to: 'failure', message: 'The migration failed.' })
          })
        await world.settled()
      })
      expect(world.host.statuses.get(SHA)).toMatchObject([
        { state: 'pending', context: 'fairway/shop/release/main/Production' },
        {
          state: 'failure',
          description: 'The release failed: The migration failed.',
          target_url: `https://fairway.example.com/projects/shop/pipelines/main/Production/runs/${run}`,
        },
      ])
    }))
})

describe('a host that is down', () => {
  it('holds no build up, is told the newest state when it is back, and the error is kept meanwhile', () =>
    withReportWorld(async (world) => {
      await world.account()
      world.host.interfere(() => ({ status: 503, body: { message: 'upgrading' } }))
      await beside(world, async () => {
        const build = await world.build()
        await until('a failed attempt', async () => ((await world.reports())[0]?.error ?? null) !== null)
        await world.move(build, ALL_THE_WAY)
        expect((await world.reports())[0]).toMatchObject({ status: 'pending' })
        world.host.interfere(() => undefined)
        await world.settled()
        expect(world.told()).toEqual(['success'])
        expect((await world.reports())[0]).toMatchObject({ status: 'sent', error: null })
      })
    }))

  it('is tried ever more seldom, at the least four times an hour', () => {
    expect([1, 2, 3, 4, 50].map(retryMs)).toEqual([2000, 4000, 8000, 16_000, 900_000])
  })

  it('that took a status and did not answer is not told it twice', () =>
    withReportWorld(async (world) => {
      await world.account()
      let swallowed = false
      world.host.interfere(({ method, body }) => {
        if (method !== 'POST' || swallowed) return undefined
        swallowed = true
        world.host.statuses.set(SHA, [body])
        return { status: 502 }
      })
      await world.build()
      await beside(world, world.settled)
      expect(world.told()).toEqual(['pending'])
      expect(world.host.writes()).toHaveLength(1)
    }))
})

describe('a host that refuses', () => {
  it('is asked three times; new credentials have it told at last', () =>
    withReportWorld(async (world) => {
      await world.account()
      world.host.interfere(({ headers }) =>
        headers.authorization === 'token better'
          ? undefined
          : { status: 401, body: { message: 'Bad credentials' } },
      )
      await world.build()
      await beside(world, async () => {
        await until('the end of trying', async () => (await world.reports())[0]?.status === 'failed')
        expect((await world.reports())[0]).toMatchObject({
          attempts: 3,
          error: 'The git host answered 401 (Bad credentials). Replace the credentials of the account.',
        })
        const auth = { type: 'token', token: 'better' } as const
        await transaction(world.db, (tx) =>
          changeGitAccount(tx, 'hub', { auth }, { sealer, actor: 'tester' }),
        )
        await world.settled()
        expect(world.told()).toEqual(['pending'])
      })
    }))
})

describe('kill -9', () => {
  it.each(hostReportCrashPoints)('at %s: each state arrives, and none twice', (point) =>
    withReportWorld(async (world) => {
      await world.account({ comments: true })
      const build = await world.build({ pullRequestId: 7 })
      expect(await world.liveUntil(point)).toBe('SIGKILL')
      await beside(world, async () => {
        await world.settled()
        expect(world.told()).toEqual(['pending'])
        await world.move(build, ALL_THE_WAY)
        await world.settled()
        expect(world.told()).toEqual(['pending', 'success'])
        expect(world.host.comments.get('7')).toHaveLength(1)
      })
    }),
  )
})

describe('comments on pull requests', () => {
  it('are off unless the account turns them on', () =>
    withReportWorld(async (world) => {
      await world.account()
      await world.build({ pullRequestId: 7 })
      await beside(world, world.settled)
      expect(world.host.comments.size).toBe(0)
      expect(world.told()).toEqual(['pending'])
    }))

  it('are one a service, and hold the newest result', () =>
    withReportWorld(async (world) => {
      await world.account({ statuses: false, comments: true })
      await beside(world, async () => {
        const first = await world.build({ pullRequestId: 7 })
        await world.move(first, ['ABORTED'])
        await world.settled()
        const second = await world.build({ pullRequestId: 7, sha: 'd'.repeat(40) })
        await world.move(second, ALL_THE_WAY)
        await world.settled()
        expect(world.host.comments.get('7')).toHaveLength(1)
        expect(world.host.comments.get('7')?.[0]?.text).toContain(
          `✅ **shop/api** at \`dddddddddddd\`: Build ${second} succeeded.`,
        )
      })
    }))

  it('say why nothing was built, and turn no file name into markup or a mention', () =>
    withReportWorld(async (world) => {
      await world.account({ comments: true })
      const base = { branch: 'main', sha: null }
      const event = {
        kind: 'pull_request',
        branch: 'x',
        after: SHA,
        pullRequest: { ...pullRequest, base },
      } as const
      await world.refuse(event, { rule: 'path', sentence: 'Only docs/@all/[x](https://evil.test) changed.' })
      await world.refuse(
        { ...event, pullRequest: { ...event.pullRequest, id: 8 } },
        { rule: 'pull-request', sentence: 'no' },
      )
      await beside(world, world.settled)
      expect([...world.host.comments.keys()]).toEqual(['7'])
      const text = world.host.comments.get('7')?.[0]?.text ?? ''
      expect(text).toContain('**shop/api** did not build `cccccccccccc`: Only docs/')
      expect(text).not.toContain('@all')
      expect(text).not.toContain('](https://evil')
    }))
})
