import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FlowDocument, RunRequest } from '@fairway/contract/flow'
import type { FlowNode, WorkflowNode } from '@fairway/contract/nodes/kinds'
import type { Stage } from '@fairway/contract/resources/pipeline'
import { type Db, toJson, transaction } from '../db/db.ts'
import { openListener } from '../db/listen.ts'
import type { FlowKey } from '../db/release-flows.ts'
import { listReleaseNodes, type ReleaseNodeRow } from '../db/release-nodes.ts'
import { findRun, type ReleaseRunRow } from '../db/release-runs.ts'
import { withTestDb } from '../db/test-db.ts'
import { startWorkLoop } from '../db/work-loop.ts'
import { registerWorker } from '../db/workers.ts'
import { systemClock } from '../lib/clock.ts'
import { type CrashPoints, noCrashPoints } from '../lib/crash-point.ts'
import { silentLog } from '../lib/log.ts'
import { createMasker } from '../lib/mask.ts'
import { createSealer } from '../lib/seal.ts'
import { saveReleaseFlow } from '../operations/flows/save.ts'
import { startRun } from '../operations/runs/start.ts'
import { type EngineDeps, releaseRunHandler } from './engine.ts'
import { flowRules } from './rules.ts'

/** For tests of the engine: a real database, the real work loop, a real webhook receiver. */

export const keyOfStage = (stage: Stage): FlowKey => ({ projectId: 'shop', pipelineId: 'shop', stage })

/** Every process of a test opens what another one sealed. */
const TEST_KEY = Buffer.alloc(32, 7)

const masker = createMasker()
export const testSealer = createSealer(TEST_KEY, masker.add)
export const runDeps = { rules: flowRules, sealer: testSealer, clock: systemClock }

export type EngineOptions = { crash?: CrashPoints; deps?: Partial<EngineDeps>; leaseMs?: number }

/** Starts one engine with a work loop of its own; answers how to stop it. */
export async function startEngine(
  db: Db,
  connectionString: string,
  { crash = noCrashPoints, deps = {}, leaseMs = 3000 }: EngineOptions = {},
): Promise<() => Promise<void>> {
  const log = silentLog()
  const listener = await openListener(connectionString, log)
  const worker = await registerWorker(connectionString)
  const run = releaseRunHandler({
    ...runDeps,
    db,
    log,
    crash,
    mask: masker.mask,
    resolveCommit: async () => ({ sha: 'a'.repeat(40), message: 'first' }),
    lookUpImage: async ({ external }) => `${external.imagePath}@sha256:${'b'.repeat(64)}`,
    exec: async () => ({ exitCode: 0, output: '' }),
    addonOffers: async () => [{ type: 'postgresql', tls: false, versions: ['18.4'] }],
    publicNames: ({ serviceId }) => [{ port: 'http', hosts: [`${serviceId}.test`] }],
    allowPrivateWebhooks: true,
    ...deps,
  })
  const handlers = { release_run: { run, concurrency: 8 } }
  const loop = startWorkLoop({ db, listener, worker, handlers, log, leaseMs })
  return async () => {
    await loop.stop()
    await worker.close()
    await listener.close()
  }
}

export type World = {
  db: Db
  connectionString: string
  hooks: WebhookReceiver
  /** Saves the flow of a stage, by default Production. */
  save(root: WorkflowNode, options?: Partial<FlowDocument>, stage?: Stage): Promise<void>
  start(body?: RunRequest, stage?: Stage): Promise<string>
  run(id: string): Promise<ReleaseRunRow>
  nodes(id: string): Promise<Record<string, ReleaseNodeRow>>
  /** Waits until the run has this status; throws with what it has instead when it takes too long. */
  reaches(id: string, ...statuses: string[]): Promise<ReleaseRunRow>
  /** The same for one of its steps. */
  step(id: string, path: string, ...statuses: string[]): Promise<ReleaseNodeRow>
}

/** A project with a pipeline: in Staging and Production a service, a job and an addon each. */
export async function withWorld(work: (world: World) => Promise<void>): Promise<void> {
  await withTestDb(async (db, { connectionString }) => {
    const hooks = await receiveWebhooks()
    await insertShop(db)
    try {
      await work(worldOf(db, connectionString, hooks))
    } finally {
      await hooks.close()
    }
  })
}

/** The same with one engine running. */
export const withEngine = (
  work: (world: World) => Promise<void>,
  options: EngineOptions = {},
): Promise<void> =>
  withWorld(async (world) => {
    const stop = await startEngine(world.db, world.connectionString, options)
    try {
      await work(world)
    } finally {
      await stop()
    }
  })

function worldOf(db: Db, connectionString: string, hooks: WebhookReceiver): World {
  const run = async (id: string): Promise<ReleaseRunRow> => {
    const row = await findRun(db, id)
    if (row === undefined) throw new Error(`no run ${id}`)
    return row
  }
  const nodes = async (id: string) =>
    Object.fromEntries((await listReleaseNodes(db, id)).map((row) => [row.path, row]))
  const reaches = async (id: string, ...statuses: string[]) =>
    until(
      () => run(id),
      ({ status }) => statuses.includes(status),
      async (last) => `run is ${last.status} (${last.message}): ${JSON.stringify(briefly(await nodes(id)))}`,
    )
  return {
    db,
    connectionString,
    hooks,
    run,
    nodes,
    reaches,
    save: async (root, options = {}, stage = 'Production') => {
      const key = { ...keyOfStage(stage), actor: 'ann' }
      const document = { apiVersion: 'v1.2', ...options, spec: root }
      await transaction(db, (tx) => saveReleaseFlow(tx, key, document, runDeps))
    },
    start: async (body = {}, stage = 'Production') => {
      const request = { key: keyOfStage(stage), body, actor: 'ann', trigger: 'manual' } as const
      return (await transaction(db, (tx) => startRun(tx, request, runDeps))).id
    },
    step: async (id, path, ...statuses) =>
      until(
        async () => (await nodes(id))[path],
        (row) => row !== undefined && statuses.includes(row.status),
        async () => `${path}: ${JSON.stringify(briefly(await nodes(id)))}`,
      ) as Promise<ReleaseNodeRow>,
  }
}

const briefly = (rows: Record<string, ReleaseNodeRow>): Record<string, string> =>
  Object.fromEntries(
    Object.values(rows).map(({ path, status, error }) => [path, `${status} ${error?.message ?? ''}`]),
  )

/** Looks until the condition holds, at most fifteen seconds. */
export async function until<T>(
  look: () => Promise<T>,
  holds: (value: T) => boolean,
  explain: (last: T) => Promise<string> = async (last) => JSON.stringify(last),
): Promise<T> {
  const end = performance.now() + 15_000
  for (;;) {
    const value = await look()
    if (holds(value)) return value
    if (performance.now() > end) throw new Error(`waited in vain: ${await explain(value)}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

async function insertShop(db: Db): Promise<void> {
  await db.insertInto('project').values({ id: 'shop', name: 'shop' }).execute()
  await db.insertInto('pipeline').values({ project_id: 'shop', id: 'shop', name: 'shop' }).execute()
  const builder = { project_id: 'shop', id: 'builder', kind: 'build', name: 'builder' }
  await db
    .insertInto('service')
    .values({ ...builder, spec: toJson({ vcsData: { projectUrl: 'file:///nowhere' } }) })
    .execute()
  for (const [stage, suffix] of [
    ['Staging', '-staging'],
    ['Production', ''],
  ] as const) {
    const base = {
      project_id: 'shop',
      spec: toJson({
        billing: {},
        deployment: {},
        settings: { runOnSourceChange: 'never', backoffLimit: 0 },
      }),
    }
    await db
      .insertInto('service')
      .values({ ...base, id: `web${suffix}`, kind: 'deployment', name: `web${suffix}` })
      .execute()
    await db
      .insertInto('job')
      .values({ ...base, id: `migrate${suffix}`, kind: 'manual', name: `migrate${suffix}` })
      .execute()
    await db
      .insertInto('addon')
      .values({
        ...base,
        id: `db${suffix}`,
        name: `db${suffix}`,
        type: 'postgresql',
        settings: Buffer.from(''),
        status: 'running',
      })
      .execute()
    for (const [kind, name] of [
      ['service', 'web'],
      ['job', 'migrate'],
      ['addon', 'db'],
    ] as const)
      await db
        .insertInto('pipeline_object')
        .values({
          project_id: 'shop',
          pipeline_id: 'shop',
          object_kind: kind,
          object_id: `${name}${suffix}`,
          stage,
        })
        .execute()
  }
}

export type WebhookReceiver = {
  url: string
  /** The bodies, in the order of their arrival. */
  received: string[]
  /** What is answered from now on; `hold`: nothing until `release`. */
  status: number
  hold(): void
  release(): void
  close(): Promise<void>
}

async function receiveWebhooks(): Promise<WebhookReceiver> {
  const held: (() => void)[] = []
  let holding = false
  const receiver: WebhookReceiver = {
    url: '',
    received: [],
    status: 200,
    hold: () => {
      holding = true
    },
    release: () => {
      holding = false
      for (const answer of held.splice(0)) answer()
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  const server: Server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    receiver.received.push(body)
    const answer = (): void => void response.writeHead(receiver.status).end()
    if (holding) held.push(answer)
    else answer()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return receiver
}

export const sequential = (...steps: FlowNode[]): WorkflowNode => ({
  kind: 'Workflow',
  spec: { type: 'sequential', steps },
})

export const parallel = (...steps: FlowNode[]): WorkflowNode => ({
  kind: 'Workflow',
  spec: { type: 'parallel', steps },
})

export const loop = (iterations: unknown[] | string, ...steps: FlowNode[]): FlowNode => ({
  kind: 'LoopWorkflow',
  spec: { iterations, steps },
})

export const message = (url: string, text: string, extra: Partial<FlowNode> = {}): FlowNode =>
  ({ kind: 'Message', spec: { kind: 'RAW_WEBHOOK', webhookUrl: url, message: text }, ...extra }) as FlowNode

export const approval = (amount = 1, ref?: string): FlowNode => ({
  kind: 'Approval',
  spec: { amount },
  ...(ref !== undefined && { ref }),
})

export const addonRuns: FlowNode = {
  kind: 'Condition',
  spec: { kind: 'Addon', spec: { type: 'running', data: { addonId: 'db' } } },
}
