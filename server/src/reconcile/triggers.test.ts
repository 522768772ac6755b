import type { GitEvent } from '@fairway/contract/resources/trigger-event'
import { describe, expect, it } from 'vitest'
import { transaction } from '../db/db.ts'
import { forgetTriggerWork } from '../db/trigger-events.ts'
import { silentLog } from '../lib/log.ts'
import { until } from '../lib/test-until.ts'
import { replayTrigger } from '../operations/triggers/replay.ts'
import { createTriggerSweep, TRIGGER_SWEEP } from './git-polls.ts'
import { type TriggerWorld, withTriggerWorld } from './triggers-test-project.ts'
import { startTriggerWorker } from './triggers-test-world.ts'

const withWorker = (work: (world: TriggerWorld) => Promise<void>): Promise<void> =>
  withTriggerWorld(async (world) => {
    const worker = await startTriggerWorker(world.connectionString, world.folder)
    try {
      await work(world)
    } finally {
      await worker.stop()
    }
  })

describe('a push', () => {
  it('builds exactly the commit it names, once, and says why others do not', () =>
    withWorker(async (world) => {
      await world.service('web')
      await world.service('other', {}, { branch: 'other' })
      await world.service('off', {}, { disabled_ci: true })
      const after = await world.commit('one', { a: '1' })
      await world.commit('two', { a: '2' })
      const { id } = await world.push({ after })
      const verdicts = await world.verdicts(id)
      expect(await world.builds()).toMatchObject([
        {
          id: verdicts.get('web')?.started_id,
          owner_id: 'web',
          sha: after,
          branch: 'main',
          status: 'QUEUED',
        },
      ])
      expect(verdicts.get('other')).toMatchObject({ started: false, rule: 'branch', rule_text: 'other' })
      expect(verdicts.get('off')).toMatchObject({ started: false, rule: 'ci-disabled' })
      expect((await world.event(id)).sentence).toBe('Started 1 of 3 that watch this repository.')
    }))

  it('is compared with what was last built, not with what was pushed before', () =>
    withWorker(async (world) => {
      const docs = { pathIgnoreRules: ['docs/'] }
      await world.service('web', docs)
      await world.service('api', { pathIgnoreRules: ['/api'], isAllowList: true })
      const first = await world.commit('one', { a: '1' })
      await world.verdicts((await world.push({ after: first })).id)
      await world.succeed('web')
      await world.succeed('api')
      const second = await world.commit('two [skip ci]', { 'src/x': '1' })
      const skipped = await world.push({ before: first, after: second })
      expect((await world.verdicts(skipped.id)).get('web')).toMatchObject({
        rule: 'commit-flag',
        rule_text: '[skip ci]',
        commit_sha: second,
      })
      const third = await world.commit('three', { 'docs/x': '1' })
      const verdicts = await world.verdicts((await world.push({ before: second, after: third })).id)
      expect(verdicts.get('web')).toMatchObject({ started: true, sentence: expect.stringContaining('src/x') })
      expect(verdicts.get('api')).toMatchObject({ started: false, rule: 'path', file: 'docs/x' })
      await world.succeed('web')
      const fourth = await world.commit('four', { 'docs/y': '1' })
      const last = await world.verdicts((await world.push({ before: third, after: fourth })).id)
      expect(last.get('web')).toMatchObject({ rule: 'path', rule_text: 'docs/', file: 'docs/y' })
    }))

  it('finds the flag of a commit that the delivery does not list', () =>
    withWorker(async (world) => {
      await world.service('web')
      const first = await world.commit('one', { a: '1' })
      const flagged = await world.commit('two\n\n[ci skip]', { a: '2' })
      const third = await world.commit('three', { a: '3' })
      const { id } = await world.push({ before: first, after: third })
      expect((await world.verdicts(id)).get('web')).toMatchObject({
        rule: 'commit-flag',
        commit_sha: flagged,
      })
    }))

  it('takes the place of builds of its branch that still wait', () =>
    withWorker(async (world) => {
      await world.service('web')
      const first = await world.commit('one', { a: '1' })
      await world.verdicts((await world.push({ after: first })).id)
      const second = await world.commit('two', { a: '2' })
      const verdict = (await world.verdicts((await world.push({ before: first, after: second })).id)).get(
        'web',
      )
      const [old, young] = await world.builds()
      expect(old).toMatchObject({ sha: first, status: 'ABORTED' })
      expect(young).toMatchObject({ sha: second, status: 'QUEUED' })
      expect(verdict?.superseded).toEqual([old?.id])
    }))

  it.each([
    [true, true],
    [false, false],
  ])('with abortOutdatedBuilds %s aborts the build of its branch that runs: %s', (setting, aborts) =>
    withWorker(async (world) => {
      await world.service('web', { abortOutdatedBuilds: setting })
      const first = await world.commit('one', { a: '1' })
      await world.verdicts((await world.push({ after: first })).id)
      await world.db.updateTable('build').set({ status: 'BUILDING' }).execute()
      const second = await world.commit('two', { a: '2' })
      await world.verdicts((await world.push({ before: first, after: second })).id)
      const [old] = await world.builds()
      expect(old).toMatchObject({ sha: first, status: 'BUILDING', abort_requested: aborts })
    }),
  )

  it('of a commit that the repository does not hold starts nothing and says so', () =>
    withWorker(async (world) => {
      await world.service('web')
      await world.commit('one', { a: '1' })
      const { id } = await world.push({ before: 'b'.repeat(40), after: 'a'.repeat(40) })
      expect((await world.verdicts(id)).get('web')).toMatchObject({ rule: 'no-commit' })
      expect(await world.builds()).toEqual([])
    }))

  it('to a repository that nobody watches is kept with that verdict', () =>
    withWorker(async (world) => {
      const { id } = await world.receive(
        world.signed({ repository: 'file:///nowhere', ref: 'refs/heads/main', after: 'a'.repeat(40) }),
      )
      await world.verdicts(id)
      expect(await world.event(id)).toMatchObject({
        status: 'judged',
        sentence: expect.stringMatching(/^Nothing/),
      })
    }))
})

describe('a deleted branch', () => {
  it('takes the builds with it that an event started and that still wait, and says so', () =>
    withTriggerWorld(async (world) => {
      await world.service('web')
      const after = await world.commit('one', { a: '1' })
      const worker = await startTriggerWorker(world.connectionString, world.folder)
      try {
        await world.verdicts((await world.push({ after })).id)
        const { id } = await world.push({ before: after, after: '0'.repeat(40) })
        await world.verdicts(id)
        expect(await world.builds('web')).toMatchObject([{ status: 'ABORTED', abort_requested: true }])
        expect((await world.event(id)).sentence).toBe(
          'The branch "main" was deleted. Aborted a build of it that waited.',
        )
      } finally {
        await worker.stop()
      }
    }))
})

describe('deliveries', () => {
  it('that come twice, also at once, are answered alike and start one build', () =>
    withWorker(async (world) => {
      await world.service('web')
      const after = await world.commit('one', { a: '1' })
      const same = Array.from({ length: 8 }, () => world.push({ after, id: 'one-delivery' }))
      const ids = new Set((await Promise.all(same)).map(({ id }) => id))
      ids.add((await world.push({ after, id: 'one-delivery' })).id)
      expect(ids.size).toBe(1)
      await world.verdicts([...ids][0] ?? '')
      expect(await world.builds()).toHaveLength(1)
    }))

  it('without the right signature are refused and recorded, and take no delivery its place', () =>
    withWorker(async (world) => {
      await world.service('web')
      const after = await world.commit('one', { a: '1' })
      const forged = world.push({ after, id: 'x', secret: 'another secret' })
      await expect(forged).rejects.toMatchObject({ code: 'unauthorized' })
      const refused = await world.db.selectFrom('trigger_event').selectAll().execute()
      expect(refused).toMatchObject([{ status: 'refused', sentence: expect.stringContaining('signature') }])
      await world.verdicts((await world.push({ after, id: 'x' })).id)
      expect(await world.builds()).toHaveLength(1)
    }))

  it('that are no JSON are refused and recorded', () =>
    withTriggerWorld(async (world) => {
      await expect(world.receive(world.signedText('{'))).rejects.toMatchObject({ code: 'malformed_json' })
      const refused = await world.db.selectFrom('trigger_event').select('sentence').execute()
      expect(refused).toEqual([{ sentence: 'The body is not valid JSON.' }])
    }))

  it('that pour in, 200 of one branch, each start once and in order', () =>
    withWorker(async (world) => {
      await world.service('web', { ciIgnoreFlagsEnabled: false })
      const shas = Array.from({ length: 200 }, (_, index) => index.toString(16).padStart(40, '1'))
      const ids: string[] = []
      for (const [index, after] of shas.entries()) ids.push((await world.push({ after, id: `d${index}` })).id)
      await Promise.all(ids.map((id) => world.verdicts(id)))
      const builds = await world.builds('web')
      expect(builds.map(({ sha }) => sha)).toEqual(shas)
      expect(builds.filter(({ status }) => status === 'QUEUED').map(({ sha }) => sha)).toEqual([shas.at(-1)])
    }))
})

describe('a pull request', () => {
  const pull = (branch: string, after: string, base: string): Partial<GitEvent> => ({
    kind: 'pull_request',
    branch,
    after,
    commitsComplete: false,
    pullRequest: {
      id: 7,
      action: 'opened',
      draft: false,
      fromFork: false,
      base: { branch: 'main', sha: base },
    },
  })

  it('is compared with the branch it goes to, and its build knows its number', () =>
    withWorker(async (world) => {
      const rules = { prRestrictions: ['fix/*'], isAllowList: true }
      await world.service('api', { ...rules, pathIgnoreRules: ['api/'] }, { branch: null })
      await world.service('web', { ...rules, pathIgnoreRules: ['web/'] }, { branch: null })
      const base = await world.commit('one', { 'web/a': '1' })
      await world.git('checkout', '-q', '-b', 'fix/x')
      await world.commit('two [skip ci]', { 'api/a': '1' })
      const head = await world.commit('three', { 'api/b': '1' })
      const verdicts = await world.verdicts(await world.tell(pull('fix/x', head, base)))
      expect(verdicts.get('web')).toMatchObject({ started: false, rule: 'path', file: 'api/a' })
      expect(verdicts.get('api')).toMatchObject({ started: true })
      expect(await world.builds()).toMatchObject([{ branch: 'fix/x', sha: head, pull_request_id: 7 }])
    }))

  it('whose host shortens the commit is built at that commit, and not when the branch has moved on', () =>
    withWorker(async (world) => {
      await world.service('api', { prRestrictions: ['*'] }, { branch: null })
      const head = await world.commit('one', { a: '1' })
      const short = head.slice(0, 12)
      expect((await world.verdicts(await world.tell(pull('main', short, head)))).get('api')).toMatchObject({
        started: true,
      })
      expect(await world.builds()).toMatchObject([{ sha: head }])
      await world.commit('two', { a: '2' })
      const late = await world.verdicts(await world.tell(pull('main', short, head)))
      expect(late.get('api')).toMatchObject({ started: false, rule: 'no-commit' })
    }))
})

describe('a replay', () => {
  it('builds a commit again whose build has ended, for its project alone', () =>
    withWorker(async (world) => {
      await world.db.insertInto('project').values({ id: 'two', name: 'Two' }).execute()
      await world.service('web')
      await world.service('other', {}, { project_id: 'two' })
      const after = await world.commit('one', { a: '1' })
      const { id } = await world.push({ after })
      await world.verdicts(id)
      const replay = () =>
        transaction(world.db, (tx) => replayTrigger(tx, { projectId: 'shop', triggerId: id, actor: 'ann' }))
      const early = await world.verdicts((await replay()).id)
      expect(early.get('web')).toMatchObject({ started: false, rule: 'already-built' })
      await world.db.updateTable('build').set({ status: 'FAILURE' }).execute()
      const late = await world.verdicts((await replay()).id)
      expect([...late.keys()]).toEqual(['web'])
      expect(late.get('web')).toMatchObject({ started: true })
      expect(await world.builds('web')).toHaveLength(2)
      expect(await world.builds('other')).toHaveLength(1)
    }))
})

describe('the ledger', () => {
  it('keeps events 30 days, and those that wait for as long as they do', () =>
    withTriggerWorld(async (world) => {
      const ids: string[] = []
      for (const digit of '012') ids.push((await world.push({ after: digit.repeat(40) })).id)
      const [old, waiting] = ids
      const longAgo = new Date(Date.now() - 31 * 86_400_000)
      await world.db
        .updateTable('trigger_event')
        .set({ received_at: longAgo })
        .where('id', '<>', ids[2]!)
        .execute()
      await world.db.updateTable('trigger_event').set({ status: 'judged' }).where('id', '=', old!).execute()
      await createTriggerSweep({ db: world.db, log: silentLog() })(
        { kind: 'sweep', key: TRIGGER_SWEEP, seq: 1, lease: '', failures: 0 },
        new AbortController().signal,
      )
      const left = await world.db.selectFrom('trigger_event').select('id').orderBy('number').execute()
      expect(left).toEqual([{ id: waiting }, { id: ids[2] }])
    }))

  it('leaves no work behind for what was judged', () =>
    withWorker(async (world) => {
      const { id } = await world.push({ after: 'a'.repeat(40) })
      await world.verdicts(id)
      const idle = () => world.db.selectFrom('work_item').select('lease').where('key', '=', id).execute()
      await until('it to rest', async () => (await idle())[0]?.lease === null)
      await transaction(world.db, forgetTriggerWork)
      expect(await idle()).toEqual([])
    }))
})
