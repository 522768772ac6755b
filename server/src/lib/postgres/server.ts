import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import type { Binaries } from './binaries.ts'
import { dataOf, environmentOf, give, logOf, readPassword, type ServerFolder } from './data-folder.ts'
import { operatingUser } from './operating-user.ts'
import { alive, findPostmaster, type Postmaster } from './postmaster.ts'

/** A server that answers on loopback. It is a process of its own and outlives us. */
export type PostgresServer = {
  pid: number
  port: number
  /** It ran before we came. */
  adopted: boolean
  /** Of the superuser `postgres`, for the named database. */
  connectionString(database?: string): string
}

export type StartOptions = {
  /** Absent: the port it had, or a free one. */
  port?: number
  settings?: Readonly<Record<string, string>>
  deadlineMs?: number
}

const STEP_MS = 25

/** Starts the server of a prepared folder, or adopts the one that runs; resolves once it answers queries. */
export async function startPostgres(
  folder: ServerFolder,
  binaries: Binaries,
  options: StartOptions = {},
): Promise<PostgresServer> {
  const until = performance.now() + (options.deadlineMs ?? 30_000)
  const running = findPostmaster(dataOf(folder))
  const adopted = running !== undefined
  // When only the postmaster was killed, its lock file and port stay for a moment: so starting is tried again.
  for (;;) {
    const postmaster = findPostmaster(dataOf(folder)) ?? (await spawnServer(folder, binaries, options))
    if (postmaster !== undefined && (await answers(folder, postmaster)))
      return serverOf(folder, postmaster, adopted)
    if (performance.now() > until) throw startFailed(folder)
    await pause(STEP_MS)
  }
}

const serverOf = (folder: ServerFolder, { pid, port }: Postmaster, adopted: boolean): PostgresServer => ({
  pid,
  port,
  adopted,
  connectionString: (database = 'postgres') =>
    `postgres://postgres:${encodeURIComponent(readPassword(folder))}@127.0.0.1:${port}/${database}`,
})

async function spawnServer(
  folder: ServerFolder,
  binaries: Binaries,
  options: StartOptions,
): Promise<Postmaster | undefined> {
  const port = options.port ?? lastPort(folder) ?? (await freePort())
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    password_encryption: 'scram-sha-256',
    ...options.settings,
  }
  const log = openSync(logOf(folder), 'a', 0o600)
  give(logOf(folder))
  const child = spawn(
    join(binaries.folder, 'bin/postgres'),
    [
      '-D',
      dataOf(folder),
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    {
      env: environmentOf(binaries),
      ...operatingUser(),
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log],
    },
  )
  closeSync(log)
  child.unref()
  return appears(folder, child)
}

/** Until its pid file names it, or it has ended. */
async function appears(
  folder: ServerFolder,
  child: ReturnType<typeof spawn>,
): Promise<Postmaster | undefined> {
  let ended = false
  child.once('exit', () => {
    ended = true
  })
  child.once('error', () => {
    ended = true
  })
  while (!ended) {
    const postmaster = findPostmaster(dataOf(folder))
    if (postmaster?.pid === child.pid) return postmaster
    await pause(5)
  }
  return undefined
}

async function answers(folder: ServerFolder, { port }: Postmaster): Promise<boolean> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password: readPassword(folder),
    database: 'postgres',
    connectionTimeoutMillis: 5000,
  })
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch (error) {
    if (isStarting(error)) return false
    throw error
  } finally {
    await client.end()
  }
}

const CANNOT_CONNECT_NOW = '57P03'

function isStarting(error: unknown): boolean {
  const { code } = error as { code?: string }
  return code === CANNOT_CONNECT_NOW || code === 'ECONNREFUSED' || code === 'ECONNRESET'
}

function lastPort(folder: ServerFolder): number | undefined {
  try {
    const words = readFileSync(join(dataOf(folder), 'postmaster.opts'), 'utf8')
    const found = /"port=(\d+)"/.exec(words)
    return found === null ? undefined : Number(found[1])
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

function startFailed(folder: ServerFolder): Error {
  const tail = readFileSync(logOf(folder), 'utf8').split('\n').slice(-15).join('\n')
  return new Error(`PostgreSQL did not start in time. The end of ${logOf(folder)}:\n${tail}`)
}

/** `fast` ends sessions and checkpoints; `immediate` is what a crash would do. Resolves when the process is gone. */
export async function stopPostgres(folder: ServerFolder, mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
  const postmaster = findPostmaster(dataOf(folder))
  if (postmaster === undefined) return
  process.kill(postmaster.pid, mode === 'fast' ? 'SIGINT' : 'SIGQUIT')
  const until = performance.now() + 60_000
  while (alive(postmaster.pid) && findPostmaster(dataOf(folder)) !== undefined) {
    if (performance.now() > until) {
      throw new Error(`PostgreSQL (pid ${postmaster.pid}) did not stop within 60 s.`)
    }
    await pause(10)
  }
}
