import type { FlowTrigger } from '@fairway/contract/flow'
import type { Stage } from '@fairway/contract/resources/pipeline'
import { describe, expect, it } from 'vitest'
import { transaction } from '../db/db.ts'
import { flowRules } from '../flows/rules.ts'
import { until } from '../lib/test-until.ts'
import { saveReleaseFlow } from '../operations/flows/save.ts'
import { triggerCrashPoints } from './triggers.ts'
import { sealer, type TriggerWorld, withTriggerWorld } from './triggers-test-project.ts'
import { startTriggerWorker } from './triggers-test-world.ts'

type Trigger = Partial<Omit<Extract<FlowTrigger, { repoUrl: string }>, 'kind'>>

class FlowWorld {
  readonly world: TriggerWorld
  constructor(world: TriggerWorld) {
    this.world = world
  }

  save(triggers: Trigger[], options: object = {}, stage: Stage = 'Production') {
    const document = {
      apiVersion: 'v1.2',
      options,
      triggers: triggers.map((trigger) => ({ repoUrl: this.world.url, ...trigger })),
      spec: {
        kind: 'Workflow',
        spec: { type: 'sequential', steps: [{ kind: 'Approval', spec: { amount: 1 } }] },
      },
    }
    const key = { projectId: 'shop', pipelineId: 'way', stage, actor: 'tester' }
    return transaction(this.world.db, (tx) =>
      saveReleaseFlow(tx, key, document, { rules: flowRules, sealer }),
    )
  }

  runs = () => this.world.db.selectFrom('release_run').selectAll().orderBy('number').execute()

  async verdict(pushed: { id: string }, flow = 'way/Production') {
    return (await this.world.verdicts(pushed.id)).get(flow)
  }
}

const withFlows = (work: (flows: FlowWorld) => Promise<void>, hasWorker = true): Promise<void> =>
  withTriggerWorld(async (world) => {
    const pipeline = { project_id: 'shop', id: 'way', name: 'way' }
    await world.db.insertInto('pipeline').values(pipeline).execute()
    const worker = hasWorker ? await startTriggerWorker(world.connectionString, world.folder) : undefined
    try {
      await work(new FlowWorld(world))
    } finally {
      await worker?.stop()
    }
  })

const MAIN = { ref: 'app', branchRestrictions: ['main'] }

describe('a push that a release flow watches', () => {
  it('starts one run, which reads branch and commit by the ref of the trigger', () =>
    withFlows(async (flows) => {
      await flows.save([MAIN])
      await flows.save([{ ...MAIN, branchRestrictions: ['release/*'] }], {}, 'Staging')
      const after = await flows.world.commit('one', { a: '1' })
      const pushed = await flows.world.push({ after })
      const verdict = await flows.verdict(pushed)
      expect(verdict).toMatchObject({ started: true, started_kind: 'release-run' })
      expect(await flows.verdict(pushed, 'way/Staging')).toMatchObject({
        rule: 'branch',
        rule_text: 'release/*',
      })
      expect(await flows.runs()).toMatchObject([
        {
          id: verdict?.started_id,
          stage: 'Production',
          trigger: 'automatic',
          overrides: { app: { branch: 'main', sha: after } },
        },
      ])
    }))

  it('starts a flow of several triggers once, when any of them says so', () =>
    withFlows(async (flows) => {
      const only = (path: string, ref: string) => ({
        ...MAIN,
        ref,
        pathIgnoreRules: [path],
        isAllowList: true,
      })
      await flows.save([only('/api', 'api'), only('/web', 'web')])
      const first = await flows.world.commit('one', { a: '1' })
      expect(await flows.verdict(await flows.world.push({ after: first }))).toMatchObject({ started: true })
      const second = await flows.world.commit('two', { 'web/x': '1' })
      const pushed = await flows.world.push({ before: first, after: second })
      expect(await flows.verdict(pushed)).toMatchObject({
        started: true,
        sentence: expect.stringContaining('web/x'),
      })
      const third = await flows.world.commit('three', { 'docs/x': '1' })
      const ignored = await flows.world.push({ before: second, after: third })
      expect(await flows.verdict(ignored)).toMatchObject({ rule: 'path', file: 'docs/x' })
      const runs = await flows.runs()
      expect(runs).toHaveLength(2)
      expect(Object.keys(runs[1]?.overrides ?? {})).toEqual(['api', 'web'])
    }))

  it('is held back by flags, and by the pause of the flow, with that verdict', () =>
    withFlows(async (flows) => {
      await flows.save([MAIN])
      await flows.save([MAIN], { paused: true }, 'Staging')
      const after = await flows.world.commit('one [skip nf]', { a: '1' })
      const pushed = await flows.world.push({ after })
      expect(await flows.verdict(pushed)).toMatchObject({ rule: 'commit-flag', rule_text: '[skip nf]' })
      expect(await flows.verdict(pushed, 'way/Staging')).toMatchObject({ rule: 'paused' })
      expect(await flows.runs()).toEqual([])
    }))

  it.each([
    ['forbid', [['pending', 'one']], 'concurrency'],
    [
      'queue',
      [
        ['pending', 'one'],
        ['queued', 'two'],
      ],
      null,
    ],
    [
      'latest',
      [
        ['pending', 'one'],
        ['queued', 'two'],
      ],
      null,
    ],
    [
      'replace',
      [
        ['aborted', 'one'],
        ['queued', 'two'],
      ],
      null,
    ],
  ])('meets the concurrency policy %s', (concurrencyPolicy, expected, rule) =>
    withFlows(async (flows) => {
      await flows.save([MAIN], { concurrencyPolicy })
      const shas = new Map<string, string>()
      let verdict: Awaited<ReturnType<FlowWorld['verdict']>>
      for (const message of ['one', 'two']) {
        const after = await flows.world.commit(message, { a: message })
        shas.set(after, message)
        verdict = await flows.verdict(await flows.world.push({ after }))
      }
      expect(verdict?.rule).toBe(rule)
      const runs = await flows.runs()
      expect(
        runs.map(({ status, overrides }) => {
          const { app } = overrides as { app: { sha: string } }
          return [status, shas.get(app.sha)]
        }),
      ).toEqual(expected)
    }),
  )

  it('starts its runs in the order of the pushes, however many come at once', () =>
    withFlows(async (flows) => {
      await flows.save([MAIN])
      const shas: string[] = []
      for (let n = 0; n < 8; n += 1) shas.push(await flows.world.commit(`${n}`, { a: `${n}` }))
      const pushed = []
      for (const after of shas) pushed.push(await flows.world.push({ after }))
      for (const one of pushed) await flows.world.verdicts(one.id)
      const runs = await flows.runs()
      expect(runs.map(({ overrides }) => (overrides as { app: { sha: string } }).app.sha)).toEqual(shas)
    }))

  it('is looked for by polling, like those of services', () =>
    withFlows(async (flows) => {
      await flows.save([MAIN])
      await flows.world.commit('one', { a: '1' })
      const { takeUpRepositories } = await import('../db/git-repositories.ts')
      expect(await transaction(flows.world.db, takeUpRepositories)).toHaveLength(1)
    }))
})

describe('kill -9 while a push starts a flow', () => {
  it.each(triggerCrashPoints.filter((point) => point !== 'trigger.after-some'))(
    'at %s: the run is started exactly once',
    (point) =>
      withFlows(async (flows) => {
        const { world } = flows
        await flows.save([MAIN])
        await world.service('web')
        const after = await world.commit('one', { a: '1' })
        const pushed = await world.push({ after, id: 'delivery-1' })
        expect(await world.live(point).over).toBe('SIGKILL')
        const second = world.live()
        try {
          expect(await world.push({ after, id: 'delivery-1' })).toEqual(pushed)
          expect(await flows.verdict(pushed)).toMatchObject({ started: true })
          await until('a run', async () => (await flows.runs()).length > 0)
          expect(await flows.runs()).toHaveLength(1)
          expect(await world.builds()).toHaveLength(1)
        } finally {
          await second.end()
        }
      }, false),
  )
})
