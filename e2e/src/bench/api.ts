import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { Agent, request } from 'undici'
import type { Rest } from '../fairway/rest.ts'
import type { Fairway } from '../fairway/server.ts'
import { withFairway } from '../fairway/test-fairway.ts'
import { ms, printFigures, quantile } from './figures.ts'

const SERVICES = 1000
const RATE = 200
const SECONDS = 10
const IDLE_SECONDS = 20

/** API reads and the idle control plane, with 1,000 services in the database. */
export async function benchApi(): Promise<void> {
  await withFairway(
    async ({ fairway, call }) => {
      await fill(call)
      await pause(5000)
      printFigures(`Idle control plane with ${SERVICES} services`, [await idle(fairway)])
      const paths = [
        '/projects/many/services?per_page=50',
        '/projects/many/services/service-500',
        '/projects',
      ]
      const rows = []
      for (const path of paths) rows.push(await readAtConstantRate(fairway, path))
      printFigures(`API reads at ${RATE} requests/s with ${SERVICES} services`, rows)
    },
    { env: { FAIRWAY_LOG_LEVEL: 'warn' } },
  )
}

async function fill(call: Rest): Promise<void> {
  await call('PUT', '/projects', { name: 'Many' })
  for (let first = 0; first < SERVICES; first += 10) {
    await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        call('POST', '/projects/many/services/deployment', {
          name: `service-${first + i}`,
          deployment: { instances: 1 },
          ports: [{ name: 'web', internalPort: 3000, public: true, protocol: 'HTTP' }],
        }),
      ),
    )
  }
}

/** Processor time in clock ticks (100 a second on Linux) and resident memory of one process. */
function usage(pid: number): { ticks: number; megabytes: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return { ticks: Number(fields[11]) + Number(fields[12]), megabytes: Number(resident?.[1] ?? 0) / 1024 }
}

async function idle({ pid }: Fairway) {
  const before = usage(pid)
  await pause(IDLE_SECONDS * 1000)
  const after = usage(pid)
  const percent = (after.ticks - before.ticks) / IDLE_SECONDS
  return {
    'seconds watched': IDLE_SECONDS,
    'of one core': `${percent.toFixed(1)} %`,
    'budget ': '≤ 5 %',
    'resident memory': `${after.megabytes.toFixed(0)} MB`,
    budget: '≤ 300 MB',
  }
}

/** An open loop: a request starts every 5 ms whether or not the earlier ones have been answered. */
async function readAtConstantRate(fairway: Fairway, path: string) {
  const dispatcher = new Agent({ connections: 50 })
  const headers = { authorization: `Bearer ${fairway.token()}` }
  const latencies: number[] = []
  let failed = 0
  const one = async (): Promise<void> => {
    const started = performance.now()
    const { statusCode, body } = await request(`${fairway.url}/v1${path}`, { dispatcher, headers })
    await body.dump()
    if (statusCode === 200) latencies.push(performance.now() - started)
    else failed += 1
  }
  const underWay: Promise<void>[] = []
  const start = performance.now()
  for (let i = 0; i < RATE * SECONDS; i += 1) {
    const due = start + (i * 1000) / RATE
    if (due > performance.now()) await pause(due - performance.now())
    underWay.push(one())
  }
  await Promise.all(underWay)
  await dispatcher.close()
  return {
    path,
    p50: ms(quantile(latencies, 0.5)),
    p99: ms(quantile(latencies, 0.99)),
    'p99 budget': '≤ 20 ms',
    failed,
  }
}
