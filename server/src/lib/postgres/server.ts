import { type ChildProcess, spawn } from 'node:child_process'
import { open, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../free-port.ts'
import { hasCode } from '../has-code.ts'
import { type Cluster, directoryArgument, serverEnvironment } from './cluster.ts'
import { clearDeadLock, findPostmaster } from './postmaster.ts'

/** A server that accepts connections on 127.0.0.1. `adopted`: it was running already. */
export type RunningServer = { pid: number; port: number; adopted: boolean }

/** Server settings by name, as in postgresql.conf. They show in the process list: no secrets. */
export type ServerSettings = Readonly<Record<string, string>>

const POLL_MS = 20
const RETRY_MS = 50
const START_DEADLINE_MS = 60_000

const STANDING_SETTINGS: ServerSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  log_checkpoints: 'off',
  // A failing statement may hold a secret.
  log_min_error_statement: 'panic',
  logging_collector: 'on',
  log_directory: 'log',
  log_filename: 'postgresql-%a.log',
  log_rotation_age: '1d',
  log_rotation_size: '0',
  log_truncate_on_rotation: 'on',
}

/**
 * Starts the server of an initialised cluster, or adopts the one that runs. It outlives this process. Its port is kept
 * in the folder and used again if it is free. A start that fails because remains of a killed server still hold the
 * directory or the port is tried again until the deadline.
 */
export async function startServer(
  cluster: Cluster,
  settings: ServerSettings = {},
  deadlineMs = START_DEADLINE_MS,
): Promise<RunningServer> {
  const deadline = AbortSignal.timeout(deadlineMs)
  for (;;) {
    const running = await untilSettled(cluster, deadline)
    if (running !== undefined) return { ...running, adopted: true }
    await clearDeadLock(cluster.dataDirectory)
    const started = await tryStart(cluster, settings, deadline)
    if (started !== undefined) return { ...started, adopted: false }
    if (deadline.aborted) throw new Error(`PostgreSQL did not start: ${await lastWords(cluster)}`)
    await delay(RETRY_MS)
  }
}

/** Undefined: the process ended before it was ready. */
async function tryStart(
  cluster: Cluster,
  settings: ServerSettings,
  deadline: AbortSignal,
): Promise<{ pid: number; port: number } | undefined> {
  const port = await keepPort(cluster)
  const child = await spawnServer(cluster, { ...STANDING_SETTINGS, ...settings, port: String(port) })
  if (child.pid === undefined) throw new Error('the postgres program could not be started')
  while (child.exitCode === null && child.signalCode === null) {
    const found = await findPostmaster(cluster.dataDirectory)
    if (found?.ready && found.pid === child.pid) return { pid: found.pid, port: found.port }
    if (deadline.aborted) {
      child.kill('SIGQUIT')
      return undefined
    }
    await delay(POLL_MS)
  }
  return undefined
}

/** Waits for a server that is starting or stopping. Undefined: none runs. */
async function untilSettled(
  cluster: Cluster,
  deadline: AbortSignal,
): Promise<{ pid: number; port: number } | undefined> {
  for (;;) {
    const found = await findPostmaster(cluster.dataDirectory)
    if (found === undefined) return undefined
    // One that is being killed still shows as a process for a moment.
    if (found.ready && (await answers(found.port))) return { pid: found.pid, port: found.port }
    if (deadline.aborted) throw new Error(`PostgreSQL (process ${found.pid}) did not become ready`)
    await delay(POLL_MS)
  }
}

const ANSWER_MS = 2000
/** The protocol's question whether the server speaks TLS: the cheapest one that a live server must answer. */
const TLS_QUESTION = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1', () => socket.write(TLS_QUESTION))
  socket.setTimeout(ANSWER_MS, () => socket.destroy())
  try {
    for await (const _ of socket) return true
    return false
  } catch (error) {
    if (hasCode(error, 'ECONNREFUSED', 'ECONNRESET', 'EPIPE')) return false
    throw error
  } finally {
    socket.destroy()
  }
}

async function spawnServer(cluster: Cluster, settings: ServerSettings): Promise<ChildProcess> {
  const log = await open(join(cluster.folder, 'start.log'), 'w', 0o600)
  try {
    const child = spawn(
      join(cluster.binaries.root, 'bin', 'postgres'),
      [
        '-D',
        directoryArgument(cluster.identity, cluster.dataDirectory),
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      {
        cwd: cluster.dataDirectory,
        env: serverEnvironment,
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        ...cluster.identity,
      },
    )
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
    child.unref()
    return child
  } finally {
    await log.close()
  }
}

/** The port of the last start if it is free, else a new one; kept for the next start. */
async function keepPort(cluster: Cluster): Promise<number> {
  const path = join(cluster.folder, 'port')
  const port = await freePort(await readPort(path))
  await writeFile(path, `${port}\n`)
  return port
}

async function readPort(path: string): Promise<number> {
  try {
    return Number(await readFile(path, 'utf8')) || 0
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0
    throw error
  }
}

async function lastWords(cluster: Cluster): Promise<string> {
  const text = await readFile(join(cluster.folder, 'start.log'), 'utf8')
  return text.trim().split('\n').slice(-5).join(' | ')
}

const STOP_STEPS: readonly [NodeJS.Signals, number][] = [
  ['SIGINT', 30_000],
  ['SIGQUIT', 10_000],
  ['SIGKILL', 10_000],
]

/** Ends all connections and stops the server cleanly; harder when it does not end in time. Nothing runs: no-op. */
export async function stopServer(cluster: Pick<Cluster, 'dataDirectory'>): Promise<void> {
  for (const [signal, waitMs] of STOP_STEPS) {
    const running = await findPostmaster(cluster.dataDirectory)
    if (running === undefined) return
    process.kill(running.pid, signal)
    if (await ended(cluster.dataDirectory, waitMs)) return
  }
  throw new Error('PostgreSQL cannot be stopped')
}

async function ended(dataDirectory: string, waitMs: number): Promise<boolean> {
  const deadline = AbortSignal.timeout(waitMs)
  while (!deadline.aborted) {
    if ((await findPostmaster(dataDirectory)) === undefined) return true
    await delay(POLL_MS)
  }
  return false
}
