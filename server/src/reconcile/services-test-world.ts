import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serviceBodies } from '@fairway/contract/resources/service'
import { type Db, openDb, toJson, transaction } from '../db/db.ts'
import { openListener } from '../db/listen.ts'
import { requireService } from '../db/services.ts'
import { withTestDb } from '../db/test-db.ts'
import { schedule } from '../db/work.ts'
import { startWorkLoop } from '../db/work-loop.ts'
import { registerWorker } from '../db/workers.ts'
import { systemClock } from '../lib/clock.ts'
import { type CrashPoints, crashAt, noCrashPoints } from '../lib/crash-point.ts'
import { freePort } from '../lib/free-port.ts'
import { createLog, type Log, silentLog } from '../lib/log.ts'
import { createMasker } from '../lib/mask.ts'
import { createSealer } from '../lib/seal.ts'
import { spawnProgram } from '../lib/test-life.ts'
import { deployToService } from '../operations/services/deploy.ts'
import { normaliseService } from '../operations/services/normalise.ts'
import { createProcessRuntime } from '../runtimes/process/process-runtime.ts'
import { createProcessVolumes } from '../runtimes/process-volumes/process-volumes.ts'
import { startEmbeddedTraffic } from '../traffic/embedded/embedded-traffic.ts'
import { stopEmbeddedGateway } from '../traffic/embedded/gateway-process.ts'
import { startServiceReconciler } from './service-reconciler.ts'
import { callGateway, until } from './services-test-calls.ts'

export const KEY = { projectId: 'shop', serviceId: 'web' } as const

export const testSealer = () => createSealer(Buffer.alloc(32, 7))
const bundlePath = (folder: string, digest: string): string => join(folder, 'bundles', digest)
const gatewaySettings = (folder: string, port: number) => ({
  listen: { host: '127.0.0.1', port },
  controlSocket: join(folder, 'control.sock'),
  stateFolder: join(folder, 'gateway'),
  flags: { workers: '1', 'access-log': 'off' },
})

type WorkerOptions = { folder: string; port: number; crash?: CrashPoints; log?: Log }

/** Runs the reconciler of services, with the real process runtime and the real gateway, until stopped. */
export async function startServiceWorker(
  connectionString: string,
  { folder, port, crash = noCrashPoints, log = silentLog() }: WorkerOptions,
): Promise<{ stop(): Promise<void> }> {
  const { db } = openDb(connectionString)
  const listener = await openListener(connectionString, log)
  const worker = await registerWorker(connectionString)
  const masker = createMasker()
  const runtime = await createProcessRuntime({ root: join(folder, 'instances') })
  const traffic = await startEmbeddedTraffic({ settings: gatewaySettings(folder, port), log })
  const reconciler = startServiceReconciler({
    db,
    runtime,
    traffic,
    crash,
    log,
    locate: async (digest) => ({ kind: 'bundle', digest, path: bundlePath(folder, digest) }),
    sealer: createSealer(Buffer.alloc(32, 7), masker.add),
    mask: masker.mask,
    clock: systemClock,
    domain: 'localhost',
    volumeVariables: createProcessVolumes({ root: join(folder, 'volumes') }).variables,
    resyncEveryMs: 500,
    sampleEveryMs: 500,
  })
  const handlers = { service: { run: reconciler.run, concurrency: 4 } }
  const loop = startWorkLoop({ db, listener, worker, log, handlers })
  return {
    stop: async () => {
      await loop.stop()
      await reconciler.stop()
      await traffic.close()
      await runtime.close()
      await listener.close()
      await worker.close()
      await db.destroy()
    },
  }
}

/** What a version prints as it starts, and how it behaves. */
export type Version = { name: string; ready?: string; before?: string; port?: string }

const source = ({ name, ready = '200', before = '', port = 'process.env.PORT' }: Version): string => `
const http = require('node:http')
${before}
const server = http.createServer((request, response) => {
  if (request.url === '/ready') return response.writeHead(${ready}).end('status of ${name}')
  if (request.url === '/env') return response.end(JSON.stringify(process.env))
  if (request.url === '/slow') return setTimeout(() => response.end('${name}'), 600)
  response.end('${name}')
})
server.listen(${port}, () => console.log('${name} listens'))
process.on('SIGTERM', () => server.close(() => process.exit(0)))
`

export type ServiceSettings = {
  instances?: number
  deadline?: number
  probes?: boolean
  drain?: number
  minReady?: number
}

/** A project with one public service; versions are written as bundles. */
export class ServicesWorld {
  readonly db: Db
  readonly connectionString: string
  readonly folder: string
  readonly port: number
  constructor(db: Db, place: { connectionString: string; folder: string; port: number }) {
    this.db = db
    this.connectionString = place.connectionString
    this.folder = place.folder
    this.port = place.port
  }

  async setUp({
    instances = 1,
    deadline = 20,
    probes = true,
    drain = 1,
    minReady = 0.3,
  }: ServiceSettings = {}): Promise<void> {
    const probe = { protocol: 'HTTP', path: '/ready', port: 3000, periodSeconds: 0.2, timeoutSeconds: 1 }
    const body = serviceBodies.deployment.parse({
      name: 'web',
      ports: [{ name: 'http', internalPort: 3000, public: true }],
      healthChecks: probes ? [{ ...probe, type: 'readinessProbe' }] : [],
      deployment: {
        instances,
        drainSeconds: drain,
        gracePeriodSeconds: 2,
        progressDeadlineSeconds: deadline,
        minReadySeconds: minReady,
      },
    })
    const { spec } = normaliseService(body)
    await this.db.insertInto('project').values({ id: 'shop', name: 'Shop' }).execute()
    await this.db
      .insertInto('service')
      .values({
        project_id: 'shop',
        id: 'web',
        kind: 'deployment',
        name: 'web',
        spec: toJson(spec),
        instances,
      })
      .execute()
  }

  async deploy(version: Version): Promise<string> {
    const folder = bundlePath(this.folder, version.name)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'server.js'), source(version))
    writeFileSync(
      join(folder, 'fairway-bundle.json'),
      JSON.stringify({ processes: { web: 'node server.js' } }),
    )
    const artifact = { kind: 'bundle', digest: version.name, source: {} } as const
    const request = { ...KEY, artifact, reason: 'deploy', actor: 'tester' } as const
    const { revisionId } = await transaction(this.db, (tx) => deployToService(tx, request, testSealer()))
    return revisionId
  }

  service = () => requireService(this.db, KEY)
  look = () => schedule(this.db, 'service', 'shop/web')
  change = (change: Record<string, unknown>) =>
    this.db.updateTable('service').set(change).where('id', '=', 'web').execute()

  rollout = (revisionId: string) =>
    this.db.selectFrom('rollout').selectAll().where('revision_id', '=', revisionId).executeTakeFirstOrThrow()
  instances = () =>
    this.db
      .selectFrom('instance')
      .selectAll()
      .where('state', '<>', 'gone')
      .orderBy('created_at')
      .orderBy('id')
      .execute()

  async rolledOut(revisionId: string, state: string, withinMs = 25_000): Promise<void> {
    await until(
      async () => (await this.rollout(revisionId)).state === state,
      withinMs,
      async () => JSON.stringify([await this.rollout(revisionId), await this.instances()], null, 1),
    )
  }

  get = (path = '/') => callGateway(this.port, path)

  readonly #workers = new Set<{ stop(): Promise<void> }>()

  async start(options: { log?: Log } = {}): Promise<{ stop(): Promise<void> }> {
    const place = { folder: this.folder, port: this.port }
    const worker = await startServiceWorker(this.connectionString, { ...place, ...options })
    const stop = async (): Promise<void> => {
      if (this.#workers.delete(tracked)) await worker.stop()
    }
    const tracked = { stop }
    this.#workers.add(tracked)
    return tracked
  }

  /** Names of what runs, whatever the rows say. */
  async processes(): Promise<string[]> {
    const runtime = await createProcessRuntime({ root: join(this.folder, 'instances') })
    const running = (await runtime.list()).filter(({ state }) => state === 'running')
    await runtime.close()
    return running.map(({ id }) => id).sort()
  }

  /** Also what a failing test left. */
  async stopWorkers(): Promise<void> {
    for (const worker of [...this.#workers]) await worker.stop()
  }

  /** In a process of its own, which dies at the point. */
  startAndDieAt(point: string): Promise<string | null> {
    const args = [this.connectionString, this.folder, String(this.port), point]
    const child = spawnProgram('services-test-world.ts', import.meta.url, args)
    const timer = setTimeout(() => child.kill('SIGTERM'), 30_000)
    return once(child, 'exit').then(([, signal]) => {
      clearTimeout(timer)
      return signal as string | null
    })
  }
}

export async function withServices(
  settings: ServiceSettings,
  work: (world: ServicesWorld) => Promise<void>,
): Promise<void> {
  await withTestDb(async (db, { connectionString }) => {
    const folder = await mkdtemp(join(tmpdir(), 'fairway-services-'))
    const world = new ServicesWorld(db, { connectionString, folder, port: await freePort() })
    try {
      await world.setUp(settings)
      await work(world)
    } finally {
      await world.stopWorkers()
      await endEverything(folder)
    }
  })
}

async function endEverything(folder: string): Promise<void> {
  const runtime = await createProcessRuntime({ root: join(folder, 'instances') })
  await Promise.all((await runtime.list()).map(({ id }) => runtime.stop(id, 100)))
  await runtime.close()
  await stopEmbeddedGateway(join(folder, 'control.sock'))
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
}

const [, program = '', connectionString, folder, port, point] = process.argv
if (program.includes('services-test-world') && connectionString !== undefined && folder !== undefined)
  await startServiceWorker(connectionString, {
    folder,
    port: Number(port),
    crash: point === undefined ? noCrashPoints : crashAt(point),
    log: createLog('error', (text) => text),
  })
