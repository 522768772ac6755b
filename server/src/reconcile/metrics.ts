import { deleteSamplesBefore, insertSamples, listRunning, type Sample } from '../db/metric-samples.ts'
import { repeat } from './repeat.ts'
import type { ServiceDeps } from './service-deps.ts'
import { runtimeIdOf } from './service-instance.ts'

const EVERY_MS = 15_000
const KEPT_MS = 24 * 60 * 60_000
const AT_ONCE = 16

/** Samples CPU, memory and restarts of every running instance, and keeps a day of them. */
export function startMetrics(
  deps: Pick<ServiceDeps, 'db' | 'runtime' | 'clock' | 'log'>,
  everyMs = EVERY_MS,
): { stop(): Promise<void> } {
  return repeat({ everyMs, log: deps.log, what: 'sampling instances' }, async () => {
    const running = await listRunning(deps.db)
    const samples: Sample[] = []
    for (let i = 0; i < running.length; i += AT_ONCE) {
      const some = await Promise.all(running.slice(i, i + AT_ONCE).map((one) => sample(deps, one)))
      samples.push(...some.filter((one) => one !== undefined))
    }
    const now = deps.clock.now()
    await insertSamples(deps.db, now, samples)
    await deleteSamplesBefore(deps.db, new Date(now.getTime() - KEPT_MS))
  })
}

async function sample(
  { runtime }: Pick<ServiceDeps, 'runtime'>,
  instance: { id: string; attempt: number; restarts: number },
): Promise<Sample | undefined> {
  const stats = await runtime.stats(runtimeIdOf(instance))
  if (stats === undefined) return undefined
  const { cpuMillis, memoryBytes } = stats
  return { instance: instance.id, cpuMillis, memoryBytes, restarts: instance.restarts }
}
