/**
 * The gateway's own process: started in a session of its own, so that it outlives the control plane, found again by
 * its control socket, and ended only on request.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { FairwayError } from '@fairway/contract/errors'
import type { SuccessorCommand } from '@fairway/contract/gateway'
import { type ControlClient, createControlClient, type GatewayHealth } from './control-client.ts'

export type GatewaySettings = {
  /** Where the public connects. Port 0 takes a free one, which changes when the gateway restarts. */
  listen: { host: string; port: number }
  controlSocket: string
  /** Routes, access logs and the gateway's own log. */
  stateFolder: string
  /** The gateway's main file; by default the one of this installation. */
  entry?: string
  /** More flags, as `gateway/src/options.ts` has them: `{ 'access-log': 'off' }`. */
  flags?: Readonly<Record<string, string>>
}

const START_DEADLINE_MS = 20_000
const OTHER_START_MS = 2_000
const END_DEADLINE_MS = 20_000
const POLL_MS = 25

/** From source beside source, from a build beside a build. */
export function defaultGatewayEntry(): string {
  const fromSource = import.meta.url.endsWith('.ts')
  const path = fromSource ? '../../../../gateway/src/main.ts' : '../../../../gateway/dist/main.js'
  return fileURLToPath(new URL(path, import.meta.url))
}

/** The version that starting now would bring. */
export function installedVersion(entry: string): string {
  const manifest = JSON.parse(readFileSync(join(entry, '../../package.json'), 'utf8')) as { version: string }
  return manifest.version
}

/** Starts the gateway and waits until its control socket answers; `traffic_failed` with its last words if it does not. */
export async function startGatewayProcess(settings: GatewaySettings): Promise<GatewayHealth> {
  await mkdir(settings.stateFolder, { recursive: true, mode: 0o700 })
  const logPath = join(settings.stateFolder, 'gateway.log')
  const logFile = await open(logPath, 'a', 0o640)
  try {
    const { execArgv, entry, args } = commandOf(settings)
    const child = spawn(process.execPath, [...execArgv, entry, ...args], {
      detached: true,
      stdio: ['ignore', logFile.fd, logFile.fd],
    })
    child.unref()
    return await waitForStart(createControlClient(settings.controlSocket), child, logPath)
  } finally {
    await logFile.close()
  }
}

function commandOf({
  entry = defaultGatewayEntry(),
  flags = {},
  ...settings
}: GatewaySettings): SuccessorCommand {
  const execArgv = entry.endsWith('.ts') ? ['--conditions=@fairway/source', '--import', 'tsx'] : []
  const { host, port } = settings.listen
  const all = {
    listen: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    control: settings.controlSocket,
    state: settings.stateFolder,
    ...flags,
  }
  return { execArgv, entry, args: Object.entries(all).map(([name, value]) => `--${name}=${value}`) }
}

/**
 * Lets a newer gateway take over from a running one on the same address: no connection is refused. Resolves when the
 * older one has ended, so that nothing runs past the newer one's counts; undefined when it could not hand over.
 */
export async function succeedGateway(
  running: GatewayHealth,
  settings: GatewaySettings,
): Promise<GatewayHealth | undefined> {
  const client = createControlClient(settings.controlSocket)
  const handedOver = await client.call('POST', '/hand-over', commandOf(settings)).then(
    () => true,
    (error: unknown) => {
      if (error instanceof FairwayError) return false
      throw error
    },
  )
  if (!handedOver) return undefined
  const started = await waitFor(async () => {
    const health = await client.health()
    return health?.pid === running.pid ? undefined : health
  }, START_DEADLINE_MS)
  await waitFor(async () => !isAlive(running.pid) || undefined, END_DEADLINE_MS)
  return started
}

/** The first defined answer within the time. */
async function waitFor<T>(look: () => Promise<T | undefined>, withinMs: number): Promise<T | undefined> {
  const deadline = performance.now() + withinMs
  while (performance.now() < deadline) {
    const found = await look()
    if (found !== undefined) return found
    await delay(POLL_MS)
  }
  return undefined
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

async function waitForStart(
  client: ControlClient,
  child: ReturnType<typeof spawn>,
  logPath: string,
): Promise<GatewayHealth> {
  let deadline = performance.now() + START_DEADLINE_MS
  // Ours may have ended because someone else's gateway took the port just now: that one is as good.
  const ended = (): void => {
    deadline = Math.min(deadline, performance.now() + OTHER_START_MS)
  }
  child.once('exit', ended)
  child.once('error', ended)
  while (performance.now() < deadline) {
    const health = await client.health()
    if (health !== undefined) return health
    await delay(POLL_MS)
  }
  const lastWords = (await readFile(logPath, 'utf8')).split('\n').slice(-6).join('\n')
  throw new FairwayError(
    'traffic_failed',
    'The gateway did not start; gateway.log in its state folder says why.',
    {
      detail: lastWords,
    },
  )
}

/** Ends a running gateway: what is under way may finish. Resolves when it is gone. */
export async function stopEmbeddedGateway(controlSocket: string): Promise<void> {
  const client = createControlClient(controlSocket)
  const running = await client.health()
  if (running === undefined) return
  await client.call('POST', '/shutdown')
  const ended = await waitFor(async () => !isAlive(running.pid) || undefined, END_DEADLINE_MS)
  if (ended === undefined) throw new FairwayError('traffic_failed', 'The gateway did not end in time.')
}
