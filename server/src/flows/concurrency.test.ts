import { describe, expect, test } from 'vitest'
import { transaction } from '../db/db.ts'
import { abortRun } from '../operations/runs/abort.ts'
import { admit } from '../operations/runs/admit.ts'
import { answerApproval } from '../operations/runs/approve.ts'
import { retryRun } from '../operations/runs/retry.ts'
import { flowRules } from './rules.ts'
import { approval, keyOfStage, sequential, type World, withEngine } from './test-world.ts'

type Policy = 'allow' | 'queue' | 'forbid' | 'latest' | 'replace'

const save = (world: World, concurrencyPolicy: Policy) =>
  world.save(sequential(approval()), { options: { concurrencyPolicy } })

const keyOf = (runId: string) => ({ ...keyOfStage('Production'), runId })

const approve = (world: World, id: string) =>
  transaction(world.db, (tx) =>
    answerApproval(tx, keyOf(id), { actor: 'ann', verdict: 'approved', comment: '' }),
  )

/** Lets the run that is under way end well. */
async function finish(world: World, id: string): Promise<void> {
  await world.step(id, '0.0', 'approval_wait')
  await approve(world, id)
  await world.reaches(id, 'success')
}

describe('the concurrency policy of a flow', () => {
  test('allow: runs go on beside each other', () =>
    withEngine(async (world) => {
      await save(world, 'allow')
      const [a, b] = [await world.start(), await world.start()]
      await world.step(a, '0.0', 'approval_wait')
      await world.step(b, '0.0', 'approval_wait')
    }))

  test('queue: one after the other, in the order of their creation', () =>
    withEngine(async (world) => {
      await save(world, 'queue')
      const [a, b, c] = [await world.start(), await world.start(), await world.start()]
      await world.step(a, '0.0', 'approval_wait')
      expect([(await world.run(b)).status, (await world.run(c)).status]).toEqual(['queued', 'queued'])

      await finish(world, a)
      await world.step(b, '0.0', 'approval_wait')
      expect((await world.run(c)).status).toBe('queued')
      await finish(world, b)
      await finish(world, c)
    }))

  test('queue: a waiting run that is aborted lets the next one through', () =>
    withEngine(async (world) => {
      await save(world, 'queue')
      const [a, b, c] = [await world.start(), await world.start(), await world.start()]
      await world.step(a, '0.0', 'approval_wait')
      await transaction(world.db, (tx) => abortRun(tx, keyOf(b), { actor: 'ann', at: new Date() }))
      expect((await world.run(b)).status).toBe('aborted')
      await finish(world, a)
      await finish(world, c)
    }))

  test('forbid: a second run is refused and the answer names the first; afterwards it may start', () =>
    withEngine(async (world) => {
      await save(world, 'forbid')
      const first = await world.start()
      await expect(world.start()).rejects.toMatchObject({ code: 'run_forbidden', data: { runId: first } })
      await finish(world, first)
      await world.start()
    }))

  test('forbid: of many requests at once exactly one is admitted', () =>
    withEngine(async (world) => {
      await save(world, 'forbid')
      const answers = await Promise.allSettled(Array.from({ length: 8 }, () => world.start()))
      expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    }))

  test('latest: one run waits, the newest; older ones are skipped and say why', () =>
    withEngine(async (world) => {
      await save(world, 'latest')
      const a = await world.start()
      await world.step(a, '0.0', 'approval_wait')
      const [b, c] = [await world.start(), await world.start()]
      expect(await world.run(b)).toMatchObject({
        status: 'skipped',
        message: 'A newer run took its place in the queue.',
      })
      await finish(world, a)
      await finish(world, c)
    }))

  test('replace: the run under way is aborted, then the new one begins', () =>
    withEngine(async (world) => {
      await save(world, 'replace')
      const a = await world.start()
      await world.step(a, '0.0', 'approval_wait')
      const b = await world.start()
      await world.reaches(a, 'aborted')
      await finish(world, b)
    }))

  test('a retry does not begin beside another run, unless the flow allows it', () =>
    withEngine(async (world) => {
      await save(world, 'forbid')
      const a = await world.start()
      await world.step(a, '0.0', 'approval_wait')
      await transaction(world.db, (tx) =>
        answerApproval(tx, keyOf(a), { actor: 'ann', verdict: 'rejected', comment: '' }),
      )
      await world.reaches(a, 'failure')
      const b = await world.start()
      const retry = () =>
        transaction(world.db, (tx) => retryRun(tx, keyOf(a), { actor: 'ann', rules: flowRules }))
      await expect(retry()).rejects.toMatchObject({ code: 'run_forbidden', data: { runId: b } })
      await finish(world, b)
      await retry()
    }))
})

test('admission is decided by the policy, the active runs and those that wait', () => {
  const run = (id: string) => ({ id, number: 1, status: 'running' as const, name: null })
  const [active, queued] = [[run('a')], [run('q')]]
  expect(admit('queue', [], [])).toMatchObject({ status: 'pending' })
  expect(admit('queue', [], queued)).toMatchObject({ status: 'queued' })
  expect(admit('forbid', [], queued)).toEqual({ is: 'refused', because: queued[0] })
  expect(admit('latest', active, queued)).toMatchObject({ status: 'queued', skip: queued, abort: [] })
  expect(admit('replace', active, queued)).toMatchObject({ status: 'queued', skip: queued, abort: active })
})
