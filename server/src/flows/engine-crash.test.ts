import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { transaction } from '../db/db.ts'
import { programArguments } from '../lib/test-life.ts'
import { answerApproval } from '../operations/runs/approve.ts'
import { engineCrashPoints } from './engine.ts'
import {
  addonRuns,
  approval,
  keyOfStage,
  loop,
  message,
  parallel,
  sequential,
  startEngine,
  type World,
  withWorld,
} from './test-world.ts'

/** Runs an engine that kills itself at the point; resolves once it is dead. */
async function runUntilCrash(world: World, point: string, nth: number): Promise<void> {
  const child = spawn(
    process.execPath,
    [
      ...programArguments('test-engine-process.ts', import.meta.url),
      world.connectionString,
      point,
      String(nth),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
  expect(signal).toBe('SIGKILL')
}

async function expectNothingTwice(world: World, runs: string[]): Promise<void> {
  const children = await world.db
    .selectFrom('release_run')
    .select(['status', 'parent_run_id'])
    .where('parent_run_id', 'is not', null)
    .execute()
  expect(children).toHaveLength(3)
  expect(children.every(({ status }) => status === 'success')).toBe(true)
  for (const run of runs) expect(await repeated(world, run)).toEqual([])
  expect(world.hooks.received.length).toBeLessThanOrEqual(12)
  for (const text of ['a', 'b', 'end', 'child'])
    expect(world.hooks.received.filter((body) => body === text).length).toBeLessThanOrEqual(3)
}

const flow = (url: string) =>
  sequential(
    addonRuns,
    parallel(message(url, 'a'), message(url, 'b')),
    loop([1, 2], addonRuns),
    {
      kind: 'RunTemplate',
      condition: 'success',
      spec: { templateType: 'release-flow-template', templateId: 'Staging' },
    },
    message(url, 'end'),
  )

describe('kill -9 of the server', () => {
  for (const point of engineCrashPoints)
    for (const nth of [1, 3])
      test(`at ${point}, time ${nth}: the run goes on after it, and nothing is done twice`, () =>
        withWorld(async (world) => {
          await world.save(sequential(message(world.hooks.url, 'child')), {}, 'Staging')
          await world.save(flow(world.hooks.url))
          const id = await world.start()
          // A point that is passed once in a run is passed again in the next one.
          const more = [await world.start(), await world.start()]

          await runUntilCrash(world, point, nth)
          const stop = await startEngine(world.db, world.connectionString)
          try {
            for (const run of [id, ...more]) await world.reaches(run, 'success')
          } finally {
            await stop()
          }

          await expectNothingTwice(world, [id, ...more])
        }))

  test('an approval given while the server was down counts', () =>
    withWorld(async (world) => {
      await world.save(sequential(approval()))
      const id = await world.start()
      const stop = await startEngine(world.db, world.connectionString)
      await world.step(id, '0.0', 'approval_wait')
      await stop()
      const key = { ...keyOfStage('Production'), runId: id }
      await transaction(world.db, (tx) =>
        answerApproval(tx, key, { actor: 'ann', verdict: 'approved', comment: '' }),
      )
      const again = await startEngine(world.db, world.connectionString)
      await world.reaches(id, 'success')
      await again()
    }))
})

/** Steps that began or ended more than once: there must be none. */
async function repeated(world: World, id: string): Promise<string[]> {
  const events = await world.db
    .selectFrom('event')
    .select(['type', 'data'])
    .where('topic', '=', 'run')
    .where('subject', '=', id)
    .execute()
  const seen = new Set<string>()
  return events.flatMap(({ type, data }) => {
    const key = `${type} ${(data as { path?: string }).path ?? ''}`
    if (seen.has(key)) return [key]
    seen.add(key)
    return []
  })
}
