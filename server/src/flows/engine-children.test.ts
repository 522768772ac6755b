import { describe, expect, test } from 'vitest'
import { transaction } from '../db/db.ts'
import { abortRun } from '../operations/runs/abort.ts'
import { answerApproval } from '../operations/runs/approve.ts'
import { retryRun } from '../operations/runs/retry.ts'
import { flowRules } from './rules.ts'
import {
  approval,
  keyOfStage,
  message,
  parallel,
  sequential,
  startEngine,
  type World,
  withEngine,
  withWorld,
} from './test-world.ts'

const keyOf = (runId: string) => ({ ...keyOfStage('Production'), runId })

const _answer = (world: World, runId: string, actor: string, verdict: 'approved' | 'rejected' = 'approved') =>
  transaction(world.db, (tx) => answerApproval(tx, keyOf(runId), { actor, verdict, comment: '' }))

const abort = (world: World, runId: string) =>
  transaction(world.db, (tx) => abortRun(tx, keyOf(runId), { actor: 'ann', at: new Date() }))

const _statuses = async (world: World, id: string) =>
  Object.fromEntries(Object.values(await world.nodes(id)).map(({ path, status }) => [path, status]))

describe('flows that start flows', () => {
  const child = { kind: 'RunTemplate', condition: 'success', ref: 'child' } as const
  const spec = (variables: { key: string; value: string }[] = []) => ({
    templateType: 'release-flow-template' as const,
    templateId: 'Staging',
    arguments: { variables },
  })

  test('the child gets arguments, and the parent waits for it', () =>
    withEngine(async (world) => {
      const { hooks } = world
      await world.save(
        sequential(message(hooks.url, 'child ${args.WHO}')),
        { arguments: { WHO: '' } },
        'Staging',
      )
      await world.save(
        sequential({ ...child, spec: spec([{ key: 'WHO', value: 'ann' }]) }, message(hooks.url, 'parent')),
      )
      const id = await world.start()
      await world.reaches(id, 'success')
      expect(hooks.received).toEqual(['child ann', 'parent'])
      const runs = await world.db.selectFrom('release_run').select(['status', 'parent_run_id']).execute()
      expect(runs).toContainEqual({ status: 'success', parent_run_id: id })
    }))

  test('an abort of the parent reaches the child first', () =>
    withEngine(async (world) => {
      await world.save(sequential(approval()), {}, 'Staging')
      await world.save(sequential({ ...child, spec: spec() }))
      const id = await world.start()
      const { state } = await world.step(id, '0.0', 'async_wait')
      const { childId } = state as { childId: string }
      await world.step(childId, '0.0', 'approval_wait')

      await abort(world, id)
      await world.reaches(id, 'aborted')

      expect((await world.run(childId)).status).toBe('aborted')
    }))

  test('a child that fails fails the step, and a retry starts another one', () =>
    withEngine(async (world) => {
      world.hooks.status = 400
      await world.save(sequential(message(world.hooks.url, 'x')), {}, 'Staging')
      await world.save(sequential({ ...child, spec: spec() }))
      const id = await world.start()
      expect((await world.reaches(id, 'failure')).message).toMatch(/ended as failure/)

      world.hooks.status = 200
      await transaction(world.db, (tx) => retryRun(tx, keyOf(id), { actor: 'ann', rules: flowRules }))
      await world.reaches(id, 'success')
      const runs = await world.db
        .selectFrom('release_run')
        .select('id')
        .where('stage', '=', 'Staging')
        .execute()
      expect(runs).toHaveLength(2)
    }))
})

describe('several engines on one database', () => {
  test('each step is run by exactly one of them, once', () =>
    withWorld(async (world) => {
      const { hooks } = world
      const steps = Array.from({ length: 6 }, (_, index) => message(hooks.url, `\${args.RUN} ${index}`))
      await world.save(sequential(parallel(...steps.slice(0, 3)), ...steps.slice(3)))
      const engines = await Promise.all([1, 2].map(() => startEngine(world.db, world.connectionString)))
      try {
        const ids = await Promise.all(
          Array.from({ length: 6 }, (_, run) => world.start({ arguments: { RUN: String(run) } })),
        )
        for (const id of ids) await world.reaches(id, 'success')
        expect(hooks.received).toHaveLength(36)
        expect(new Set(hooks.received).size).toBe(36)
      } finally {
        for (const stop of engines) await stop()
      }
    }))
})
