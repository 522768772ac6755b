import { describe, expect, test } from 'vitest'
import { serviceCrashPoints } from './service-deps.ts'
import { callAllTheTime, until } from './services-test-calls.ts'
import { type ServicesWorld, withServices } from './services-test-world.ts'

/** Points that only a failing or a deleted service reaches. */
const elsewhere = ['service.after-fail', 'service.before-forget']
const duringRollout = serviceCrashPoints.filter((point) => !elsewhere.includes(point))

describe('a control plane that is killed in the middle of a rollout', () => {
  test.each(duringRollout)(
    'at %s: nothing is lost, and the rollout ends as if nothing had happened',
    (point) =>
      withServices({ instances: 2 }, async (world) => {
        const first = await world.start()
        await world.rolledOut(await world.deploy({ name: 'one' }), 'completed')
        await until(async () => (await world.instances()).every((row) => row.state === 'running'))
        await first.stop()
        const calls = callAllTheTime(world)

        const second = await world.deploy({ name: 'two' })
        expect(await world.startAndDieAt(point)).toBe('SIGKILL')
        await world.start()
        await world.rolledOut(second, 'completed')
        await until(async () => (await world.instances()).length === 2)

        expect((await calls.stop()).failed).toEqual([])
        await endedAsIfNothing(world, second)
      }),
    60_000,
  )

  test(
    'at service.after-fail: the old version stays',
    () =>
      withServices({ deadline: 1 }, async (world) => {
        const first = await world.start()
        const good = await world.deploy({ name: 'one' })
        await world.rolledOut(good, 'completed')
        await first.stop()
        const bad = await world.deploy({ name: 'bad', ready: '503' })
        expect(await world.startAndDieAt('service.after-fail')).toBe('SIGKILL')
        await world.start()
        await world.rolledOut(bad, 'failed')
        await until(async () => (await world.instances()).length === 1)
        await endedAsIfNothing(world, good, 'FAILED')
      }),
    60_000,
  )

  test(
    'at service.before-forget: a deleted service goes',
    () =>
      withServices({}, async (world) => {
        const first = await world.start()
        await world.rolledOut(await world.deploy({ name: 'one' }), 'completed')
        await first.stop()
        await world.change({ deleting: true })
        await world.look()
        expect(await world.startAndDieAt('service.before-forget')).toBe('SIGKILL')
        await world.start()
        await until(async () => (await world.db.selectFrom('service').select('id').execute()).length === 0)
        expect((await world.get()).status).toBe(404)
      }),
    60_000,
  )
})

/** Two instances of the version, no process that no row knows, nothing started twice. */
async function endedAsIfNothing(world: ServicesWorld, revision: string, status = 'COMPLETED'): Promise<void> {
  const rows = await world.instances()
  expect(rows.every((row) => row.revision_id === revision && row.ready && row.routed)).toBe(true)
  await until(async () => (await world.service()).deployment_status === status)
  const expected = rows.map(({ id, attempt }) => `${id}.${attempt}`).sort()
  await until(
    async () => JSON.stringify(await world.processes()) === JSON.stringify(expected),
    15_000,
    async () => JSON.stringify({ expected, found: await world.processes() }),
  )
}
