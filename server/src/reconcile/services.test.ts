import { describe, expect, test } from 'vitest'
import { listRolloutMarks, listRolloutSamples } from '../db/rollout-receipts.ts'
import { callAllTheTime, until } from './services-test-calls.ts'
import { type ServicesWorld, withServices } from './services-test-world.ts'

describe('a rollout, with real processes and the real gateway', () => {
  test('brings the new version without losing a request, and says what it measured', () =>
    withServices({ instances: 2 }, async (world) => {
      const worker = await world.start()
      const first = await world.deploy({ name: 'one' })
      await world.rolledOut(first, 'completed')
      expect((await world.get()).body).toBe('one')

      const calls = callAllTheTime(world)
      const second = await world.deploy({ name: 'two' })
      await world.rolledOut(second, 'completed')
      const { failed, served } = await calls.stop()

      expect(failed).toEqual([])
      expect(served).toEqual(new Set(['one', 'two']))
      expect((await world.get()).body).toBe('two')
      expect(await world.service()).toMatchObject({
        current_revision: second,
        desired_revision: second,
        deployment_status: 'COMPLETED',
      })
      await until(async () => (await world.instances()).length === 2)
      const { receipt } = await world.rollout(second)
      expect(receipt).toMatchObject({ failures: 0, requests: expect.any(Number) })
      expect((receipt as { requests: number }).requests).toBeGreaterThan(10)
      await worker.stop()
    }))

  test('keeps what was measured from moment to moment, and who came and went', () =>
    withServices({ instances: 1, minReady: 1 }, async (world) => {
      const worker = await world.start()
      await world.rolledOut(await world.deploy({ name: 'one' }), 'completed')
      const calls = callAllTheTime(world)
      const second = await world.deploy({ name: 'two' })
      await world.rolledOut(second, 'completed')
      await until(async () => (await marksOf(world, second)).includes('old gone'))
      await calls.stop()

      const { id } = await world.rollout(second)
      const samples = (await listRolloutSamples(world.db, [id])).get(id) ?? []
      expect(samples.length).toBeGreaterThan(2)
      expect(samples.reduce((sum, { requests }) => sum + requests, 0)).toBeGreaterThan(10)
      expect(samples.every(({ failures }) => failures === 0)).toBe(true)
      expect(samples.some(({ p50_ms }) => p50_ms !== null && p50_ms > 0)).toBe(true)
      expect(samples.at(-1)).toMatchObject({ old_routed: 0, new_routed: 1, new_ready: 1 })
      expect(await marksOf(world, second)).toEqual(
        expect.arrayContaining(['new ready', 'new routed', 'old draining', 'old gone']),
      )
      await worker.stop()
    }))
})

async function marksOf(world: ServicesWorld, revision: string): Promise<string[]> {
  const { id } = await world.rollout(revision)
  const marks = (await listRolloutMarks(world.db, [id])).get(id) ?? []
  return marks.map(({ side, what }) => `${side} ${what}`)
}

describe('a version that is not fit to serve', () => {
  const cases = [
    [
      'never becomes ready',
      { name: 'bad', ready: '503' },
      { deadline: 3 },
      [/readiness probe/, /GET \/ready on port 3000/, /HTTP 503 status of bad/, /bad listens/],
    ],
    [
      'crashes at once',
      { name: 'bad', before: "console.error('no flux'); process.exit(7)" },
      {},
      [/exited with status 7/, /no flux/],
    ],
    [
      'becomes ready and then fails',
      { name: 'bad', before: "setTimeout(() => { console.error('no tape'); process.exit(9) }, 400)" },
      { minReady: 1 },
      [/became ready and then exited with status 9/, /no tape/],
    ],
    [
      'listens on the wrong port',
      { name: 'bad', port: '0' },
      { deadline: 3 },
      [/readiness probe/, /nothing listens on port/i],
    ],
  ] as const

  test.each(cases)(
    'one that %s fails with the reason, and the old one serves throughout',
    (_, bad, settings, says) =>
      withServices(settings, async (world) => {
        const worker = await world.start()
        const good = await world.deploy({ name: 'good' })
        await world.rolledOut(good, 'completed')
        const calls = callAllTheTime(world)

        const failing = await world.deploy(bad)
        await world.rolledOut(failing, 'failed')
        await until(async () => (await world.instances()).length === 1)
        const { failed } = await calls.stop()

        expect(failed).toEqual([])
        const service = await world.service()
        expect(service).toMatchObject({
          desired_revision: good,
          current_revision: good,
          deployment_status: 'FAILED',
        })
        for (const words of says) expect(service.deployment_message).toMatch(words)
        expect(await world.instances()).toMatchObject([{ revision_id: good, ready: true, routed: true }])
        await worker.stop()
      }),
  )
})

describe('a service that runs', () => {
  test('is scaled up and down, paused, resumed and deleted', () =>
    withServices({}, async (world) => {
      const worker = await world.start()
      await world.rolledOut(await world.deploy({ name: 'one' }), 'completed')

      const settled = (count: number) =>
        until(async () => {
          const { deployment_status: status } = await world.service()
          const rows = await world.instances()
          return (
            status === 'COMPLETED' && rows.length === count && rows.every((row) => row.ready && row.routed)
          )
        })
      for (const instances of [3, 1, 0, 2]) {
        await world.change({ instances })
        await world.look()
        await settled(instances)
      }
      await world.change({ paused: true })
      await world.look()
      await settled(0)
      expect((await world.get()).status).toBe(503)
      await world.change({ deleting: true })
      await world.look()
      await until(async () => (await world.db.selectFrom('service').select('id').execute()).length === 0)
      expect((await world.get()).status).toBe(404)
      await worker.stop()
    }))

  test('that ends by itself is started again, after a back-off', () =>
    withServices({ probes: false }, async (world) => {
      const worker = await world.start()
      await world.rolledOut(await world.deploy({ name: 'one' }), 'completed')
      const { NF_HOSTS, NF_PROJECT_ID } = JSON.parse((await world.get('/env')).body)
      expect({ NF_HOSTS, NF_PROJECT_ID }).toEqual({ NF_HOSTS: 'web--shop.localhost', NF_PROJECT_ID: 'shop' })

      const { pid } = await runningProcess(world.folder)
      process.kill(pid, 'SIGKILL')
      await until(async () => (await world.instances())[0]!.state === 'crashed')
      await until(async () => {
        const [row] = await world.instances()
        return row!.state === 'running' && row!.ready && row!.routed
      })
      expect(await world.instances()).toMatchObject([{ attempt: 1, restarts: 1 }])
      expect((await world.get()).body).toBe('one')
      await until(async () => (await world.service()).deployment_status === 'COMPLETED')
      await worker.stop()
    }))

  test('is left as it is by a restart of the control plane', () =>
    withServices({ instances: 2 }, async (world) => {
      const first = await world.start()
      await world.rolledOut(await world.deploy({ name: 'one' }), 'completed')
      const before = await world.instances()
      await first.stop()
      const calls = callAllTheTime(world)
      const second = await world.start()
      const samples = () => world.db.selectFrom('metric_sample').select('instance_id').execute()
      await until(async () => (await samples()).length >= 2)

      const same = ({ id, attempt, state, ready, routed }: (typeof before)[number]) => ({
        id,
        attempt,
        state,
        ready,
        routed,
      })
      expect((await world.instances()).map(same)).toEqual(before.map(same))
      expect((await calls.stop()).failed).toEqual([])
      await second.stop()
    }))
})

async function runningProcess(folder: string): Promise<{ pid: number }> {
  const { createProcessRuntime } = await import('../runtimes/process/process-runtime.ts')
  const { processesOf } = await import('../runtimes/process/proc.ts')
  const runtime = await createProcessRuntime({ root: `${folder}/instances` })
  const [running] = (await runtime.list()).filter(({ state }) => state === 'running')
  await runtime.close()
  const child = processesOf(running!.pid!).find(({ pid }) => pid !== running!.pid)
  return { pid: child!.pid }
}
