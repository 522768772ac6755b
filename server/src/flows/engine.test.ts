import { describe, expect, test } from 'vitest'
import { transaction } from '../db/db.ts'
import { abortRun } from '../operations/runs/abort.ts'
import { answerApproval } from '../operations/runs/approve.ts'
import { retryRun } from '../operations/runs/retry.ts'
import { flowRules } from './rules.ts'
import {
  addonRuns,
  approval,
  keyOfStage,
  loop,
  message,
  parallel,
  sequential,
  startEngine,
  until,
  type World,
  withEngine,
  withWorld,
} from './test-world.ts'

const keyOf = (runId: string) => ({ ...keyOfStage('Production'), runId })

const answer = (world: World, runId: string, actor: string, verdict: 'approved' | 'rejected' = 'approved') =>
  transaction(world.db, (tx) => answerApproval(tx, keyOf(runId), { actor, verdict, comment: '' }))

const abort = (world: World, runId: string) =>
  transaction(world.db, (tx) => abortRun(tx, keyOf(runId), { actor: 'ann', at: new Date() }))

const statuses = async (world: World, id: string) =>
  Object.fromEntries(Object.values(await world.nodes(id)).map(({ path, status }) => [path, status]))

describe('a run', () => {
  test('goes through its steps in order, and later steps read what earlier ones answered', () =>
    withEngine(async (world) => {
      const { hooks } = world
      await world.save(
        sequential(
          message(hooks.url, 'one ${args.NAME}', { ref: 'first' }),
          addonRuns,
          message(hooks.url, 'two ${refs.first.status}'),
        ),
        { arguments: { NAME: 'default' } },
      )

      const id = await world.start({ arguments: { NAME: 'given' }, name: 'Autumn' })
      const run = await world.reaches(id, 'success')

      expect(hooks.received).toEqual(['one given', 'two 200'])
      expect(run).toMatchObject({ name: 'Autumn', argument_names: ['NAME'], flow_version: 1 })
      expect(Object.values(await statuses(world, id))).toEqual(Array(4).fill('success'))
    }))

  test('starts parallel steps together, and loops run once for each item', () =>
    withEngine(async (world) => {
      const { hooks } = world
      hooks.hold()
      await world.save(
        sequential(
          parallel(message(hooks.url, 'a'), message(hooks.url, 'b')),
          loop(['x', { name: 'y' }], message(hooks.url, '${loop.index} ${loop.item}')),
        ),
      )

      const id = await world.start()
      await until(
        async () => hooks.received.length,
        (count) => count === 2,
      )
      hooks.release()
      await world.reaches(id, 'success')

      expect(hooks.received.slice(0, 2).toSorted()).toEqual(['a', 'b'])
      expect(hooks.received.slice(2)).toEqual(['0 x', '1 {"name":"y"}'])
    }))

  test('fails with the step that failed, and says why; what comes after never begins', () =>
    withEngine(async (world) => {
      world.hooks.status = 404
      await world.save(
        sequential(message(world.hooks.url, 'a', { ref: 'tell' }), message(world.hooks.url, 'b')),
      )

      const id = await world.start()
      const run = await world.reaches(id, 'failure')

      expect(run.message).toMatch(/"tell" failed: The webhook answered 404/)
      expect(await statuses(world, id)).toEqual({ '0': 'failure', '0.0': 'failure', '0.1': 'waiting' })
      expect(world.hooks.received).toEqual(['a'])
    }))

  test('tries a step again after an unexpected error, as often as it may', () =>
    withEngine(async (world) => {
      world.hooks.status = 503
      const settings = { maxAttempts: 2, backoff: { type: 'fixed', delay: 0 } } as const
      await world.save(sequential(message(world.hooks.url, 'a', { settings })))

      const id = await world.start()
      await world.reaches(id, 'failure')

      expect(world.hooks.received).toEqual(['a', 'a'])
      expect((await world.nodes(id))['0.0']).toMatchObject({ attempt: 2 })
    }))

  test('ends a step at its deadline', () =>
    withEngine(async (world) => {
      await world.save(sequential({ ...approval(), timeoutDuration: 1 }))
      const id = await world.start()
      const run = await world.reaches(id, 'failure')
      expect(run.message).toMatch(/did not end within its time/)
    }))

  test('is refused before anything runs when an argument is missing', () =>
    withWorld(async (world) => {
      await world.save(sequential(message(world.hooks.url, '${args.VERSION}')))
      await expect(world.start()).rejects.toMatchObject({ code: 'invalid_document' })
      expect(await world.db.selectFrom('release_run').select('id').execute()).toEqual([])
    }))

  test('uses secret arguments, also after a restart, and shows them nowhere', () =>
    withWorld(async (world) => {
      const token = 'tok-4f7a9c2e8b1d'
      await world.save(sequential(approval(), message(world.hooks.url, 'key ${args.API_TOKEN}')))
      const id = await world.start({ arguments: { API_TOKEN: token } })
      const stop = await startEngine(world.db, world.connectionString)
      await world.step(id, '0.0', 'approval_wait')
      await stop()
      const again = await startEngine(world.db, world.connectionString)
      await answer(world, id, 'ann')
      await world.reaches(id, 'success')
      await again()
      expect(world.hooks.received).toEqual([`key ${token}`])
      const stored = [await world.run(id), await world.nodes(id)]
      const events = await world.db.selectFrom('event').select('data').execute()
      expect(JSON.stringify([stored, events])).not.toContain(token)
    }))

  test('records every change of a step and of the run as an event, once', () =>
    withEngine(async (world) => {
      await world.save(sequential(addonRuns))
      const id = await world.start()
      await world.reaches(id, 'success')
      const events = await world.db
        .selectFrom('event')
        .select(['type', 'data'])
        .where('subject', '=', id)
        .orderBy('id')
        .execute()
      expect(
        events.map(({ type, data }) => `${type} ${(data as { path?: string }).path ?? ''}`.trim()),
      ).toEqual([
        'run.pending',
        'run.running',
        'node.running 0',
        'node.running 0.0',
        'node.success 0.0',
        'node.success 0',
        'run.success',
      ])
    }))
})

describe('approvals', () => {
  test('two different people are needed where two are asked for', () =>
    withEngine(async (world) => {
      await world.save(sequential(approval(2, 'go')))
      const id = await world.start()
      await world.step(id, '0.0', 'approval_wait')

      await answer(world, id, 'ann')
      await expect(answer(world, id, 'ann')).rejects.toMatchObject({ code: 'conflict' })
      expect((await world.run(id)).status).toBe('running')
      await answer(world, id, 'bob')

      await world.reaches(id, 'success')
      expect((await world.nodes(id))['0.0']!.response).toMatchObject({
        approvals: [{ actor: 'ann' }, { actor: 'bob' }],
      })
    }))

  test('one rejection fails the run, and a retry asks afresh', () =>
    withEngine(async (world) => {
      await world.save(sequential(approval(1)))
      const id = await world.start()
      await world.step(id, '0.0', 'approval_wait')
      await answer(world, id, 'ann', 'rejected')
      expect((await world.reaches(id, 'failure')).message).toMatch(/"ann" rejected it/)

      await transaction(world.db, (tx) => retryRun(tx, keyOf(id), { actor: 'bob', rules: flowRules }))
      await world.step(id, '0.0', 'approval_wait')
      await answer(world, id, 'ann')
      await world.reaches(id, 'success')
    }))

  test('nobody can answer what does not wait', () =>
    withWorld(async (world) => {
      await world.save(sequential(approval(1)))
      const id = await world.start()
      await expect(answer(world, id, 'ann')).rejects.toMatchObject({ code: 'invalid_request' })
    }))
})

describe('abort', () => {
  test('ends what waits and what runs, and then the run', () =>
    withEngine(async (world) => {
      await world.save(sequential(approval(), message(world.hooks.url, 'never')))
      const id = await world.start()
      await world.step(id, '0.0', 'approval_wait')

      await abort(world, id)
      await world.reaches(id, 'aborted')

      expect(await statuses(world, id)).toEqual({ '0': 'aborted', '0.0': 'aborted', '0.1': 'aborted' })
      expect(world.hooks.received).toEqual([])
      await expect(abort(world, id)).rejects.toMatchObject({ code: 'invalid_state' })
    }))

  test('stops work on the world that is under way', () =>
    withEngine(async (world) => {
      world.hooks.hold()
      await world.save(sequential(message(world.hooks.url, 'a')))
      const id = await world.start()
      await until(
        async () => world.hooks.received.length,
        (count) => count === 1,
      )

      await abort(world, id)

      await world.reaches(id, 'aborted')
    }))

  test('reaches a run that has not begun', () =>
    withWorld(async (world) => {
      await world.save(sequential(addonRuns))
      const id = await world.start()
      await abort(world, id)
      expect((await world.run(id)).status).toBe('aborted')
    }))
})

describe('retry', () => {
  test('goes on from the step that failed; what succeeded is not done again', () =>
    withEngine(async (world) => {
      const { hooks } = world
      await world.save(sequential(message(hooks.url, 'a'), approval(), message(hooks.url, 'b')))
      const id = await world.start()
      await world.step(id, '0.1', 'approval_wait')
      await answer(world, id, 'ann', 'rejected')
      await world.reaches(id, 'failure')

      await transaction(world.db, (tx) => retryRun(tx, keyOf(id), { actor: 'ann', rules: flowRules }))
      await world.step(id, '0.1', 'approval_wait')
      await answer(world, id, 'ann')
      const run = await world.reaches(id, 'success')

      expect(hooks.received).toEqual(['a', 'b'])
      expect(run.message).toBeNull()
    }))

  test('is only for runs that failed', () =>
    withEngine(async (world) => {
      await world.save(sequential(addonRuns))
      const id = await world.start()
      await world.reaches(id, 'success')
      const retry = transaction(world.db, (tx) => retryRun(tx, keyOf(id), { actor: 'ann', rules: flowRules }))
      await expect(retry).rejects.toMatchObject({ code: 'invalid_state' })
    }))
})
