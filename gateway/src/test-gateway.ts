/** For tests: a real gateway process from source, on a free port, in a folder that is removed with it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { GatewayBackend, ServiceRoutes } from '@fairway/contract/gateway'
import type { MergedBackend, MergedService } from './control/merge-reports.ts'

const entry = fileURLToPath(new URL('./main.ts', import.meta.url))

export type ControlReply = { status: number; text: string; json: unknown }

export type TestGateway = {
  port: number
  folder: string
  pid(): number
  control(method: string, path: string, body?: unknown): Promise<ControlReply>
  /** Applies the next generation of the service and expects it to be acknowledged. */
  apply(key: string, routes: Partial<ServiceRoutes> & { backends?: GatewayBackend[] }): Promise<void>
  report(key: string): Promise<MergedService>
  backend(key: string, id: string): Promise<MergedBackend>
  /** `kill -9` of the whole process group's leader; resolves when it is gone. */
  kill(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
  log(): string
}

export async function startTestGateway(flags: Record<string, string> = {}): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'fairway-gateway-'))
  const port = await freePort()
  const running = gatewayProcess({ folder, port, flags })
  const generations = new Map<string, number>()
  const { control } = running
  await running.start()

  return {
    port,
    folder,
    ...running,
    apply: async (key, { backends = [], ...routes }) => {
      const generation = routes.generation ?? (generations.get(key) ?? 0) + 1
      generations.set(key, generation)
      const standard = { hosts: [`${key.split('/')[1]}.test`], pathPrefix: '/', backends }
      const body = { key, generation, routes: [standard], ...routes }
      const reply = await control('PUT', `/services/${key}`, body)
      if (reply.status !== 200) throw new Error(`apply answered ${reply.status}: ${reply.text}`)
    },
    report: async (key) => (await control('GET', `/services/${key}`)).json as MergedService,
    backend: async (key, id) => {
      const report = (await control('GET', `/services/${key}`)).json as MergedService
      const found = report.backends.find((backend) => backend.id === id)
      if (found === undefined) throw new Error(`no backend ${id} in ${JSON.stringify(report)}`)
      return found
    },
  }
}

type Placed = { folder: string; port: number; flags: Record<string, string> }
type GatewayProcess = Pick<TestGateway, 'pid' | 'control' | 'kill' | 'start' | 'stop' | 'log'>

function gatewayProcess({ folder, port, flags }: Placed): GatewayProcess {
  const controlSocket = join(folder, 'control.sock')
  let output = ''
  let child: ChildProcess | undefined
  const control: GatewayProcess['control'] = (method, path, body) =>
    callControl(controlSocket, { method, path, body })
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }
  return {
    control,
    pid: () => child?.pid ?? 0,
    log: () => output,
    start: async () => {
      const args = [
        '--listen',
        `127.0.0.1:${port}`,
        '--control',
        controlSocket,
        '--state',
        join(folder, 'state'),
      ]
      const more = Object.entries({ workers: '2', ...flags }).flatMap(([name, value]) => [`--${name}`, value])
      child = spawn(
        process.execPath,
        ['--conditions=@fairway/source', '--import', 'tsx', entry, ...args, ...more],
        {
          stdio: ['ignore', 'ignore', 'pipe'],
        },
      )
      child.stderr?.on('data', (chunk: Buffer) => {
        output += chunk.toString()
      })
      await waitUntil(async () => (await control('GET', '/health').catch(() => undefined))?.status === 200)
    },
    kill: () => end('SIGKILL'),
    stop: async () => {
      await end('SIGTERM')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function callControl(
  socketPath: string,
  call: { method: string; path: string; body?: unknown },
): Promise<ControlReply> {
  const body = typeof call.body === 'string' ? call.body : JSON.stringify(call.body ?? {})
  const headers = { 'content-length': Buffer.byteLength(body) }
  return new Promise((resolve, reject) => {
    const req = request(
      { socketPath, method: call.method, path: call.path, agent: false, headers },
      (res) => {
        let text = ''
        res.setEncoding('utf8')
        res.on('data', (chunk: string) => {
          text += chunk
        })
        res.on('end', () => {
          const json =
            text.startsWith('{') || text.startsWith('[') ? (JSON.parse(text) as unknown) : undefined
          resolve({ status: res.statusCode ?? 0, text, json })
        })
      },
    )
    req.on('error', reject)
    req.end(body)
  })
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Polls until the condition holds; fails after 15 seconds. */
export async function waitUntil(
  condition: () => Promise<boolean> | boolean,
  withinMs = 15_000,
): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > deadline)
      throw new Error(`did not come true in ${withinMs} ms: ${condition.toString()}`)
    await delay(10)
  }
}

export const readState = (gateway: TestGateway, file: string): Promise<string> =>
  readFile(join(gateway.folder, 'state', file), 'utf8')
