import { constants } from 'node:fs'
import { access, mkdir, statfs } from 'node:fs/promises'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { type RequestOptions, request as secureRequest } from 'node:https'
import { createServer } from 'node:net'
import { execa } from 'execa'
import { sql } from 'kysely'
import type { Config } from '../config.ts'
import { openDb } from '../db/db.ts'
import { findProgram } from '../installation/open-installation.ts'
import { connectEngine } from '../lib/docker/engine.ts'
import { hasCode } from '../lib/has-code.ts'
import { type Finding, failure, ok, reasonOf, warning } from './finding.ts'
import { judgeClock, judgeDisk, judgeEngine, judgeHaproxy, judgeNode, judgePort } from './judge.ts'

const PATIENCE_MS = 5_000
const PORT_PATIENCE_MS = 1_000

/** Looks at everything Fairway needs on this machine with this configuration. Changes nothing but makes the data folder. */
export async function examine(config: Config, wanted: { docker: boolean }): Promise<Finding[]> {
  const parts = await Promise.all([
    [judgeNode(process.versions.node)],
    lookAtGit(config),
    lookAtDataFolder(config),
    lookAtDatabase(config),
    lookAtPorts(config),
    lookAtHaproxy(config),
    wanted.docker ? lookAtEngine(config) : lookForEngine(config),
    lookAtRegistry(config),
  ])
  return parts.flat()
}

async function lookAtGit({ path }: Config): Promise<Finding[]> {
  const program = findProgram('git', path)
  if (program === undefined)
    return [failure('git', 'not installed', 'Install git: repositories are built with it.')]
  const { stdout } = await execa(program, ['--version'], { timeout: PATIENCE_MS })
  return [ok('git', stdout.replace('git version ', ''))]
}

async function lookAtDataFolder({ dataFolder }: Config): Promise<Finding[]> {
  try {
    await mkdir(dataFolder, { recursive: true })
    await access(dataFolder, constants.W_OK)
  } catch (error) {
    return [
      failure('data folder', reasonOf(error), `Let this user write to ${dataFolder}, or set FAIRWAY_DATA.`),
    ]
  }
  const { bavail, bsize } = await statfs(dataFolder)
  return [ok('data folder', dataFolder), judgeDisk(dataFolder, bavail * bsize)]
}

async function lookAtDatabase({ databaseUrl }: Config): Promise<Finding[]> {
  if (databaseUrl === undefined) return [ok('database', 'Fairway runs its own PostgreSQL in the data folder')]
  const { db } = openDb(databaseUrl, { max: 1 })
  try {
    const asked = Date.now()
    const { rows } = await sql<{ version: string; now: Date }>`
      select current_setting('server_version') as version, now() as now`.execute(db)
    const row = rows[0]
    if (row === undefined) return [failure('database', 'answered nothing', 'Look at its log.')]
    return [
      ok('database', `PostgreSQL ${row.version}`),
      judgeClock('the database', new Date(), row.now, Date.now() - asked),
    ]
  } catch (error) {
    return [failure('database', reasonOf(error), 'Start it, or correct DATABASE_URL.')]
  } finally {
    await db.destroy()
  }
}

function lookAtPorts({ api, gateway }: Config): Promise<Finding[]> {
  const look = async (name: string, host: string, port: number): Promise<Finding> =>
    judgePort(name, `${host}:${port}`, await holderOf(host, port))
  return Promise.all([
    look('FAIRWAY_PORT', api.host, api.port),
    look('FAIRWAY_GATEWAY_PORT', gateway.host, gateway.port),
    look('FAIRWAY_GATEWAY_HTTPS_PORT', gateway.host, gateway.httpsPort),
  ])
}

async function holderOf(host: string, port: number): Promise<'nobody' | 'fairway' | 'other' | 'forbidden'> {
  const reason = await tryToListen(host, port)
  if (reason === undefined) return 'nobody'
  if (hasCode(reason, 'EACCES')) return 'forbidden'
  return (await isFairway(host, port)) ? 'fairway' : 'other'
}

function tryToListen(host: string, port: number): Promise<unknown> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', resolve)
    server.listen(port, host, () => server.close(() => resolve(undefined)))
  })
}

/** The API and the gateways name themselves in such an answer, whatever the certificate. */
const isFairway = async (host: string, port: number): Promise<boolean> =>
  (await serverAt(request, 'http:', host, port)) || (await serverAt(secureRequest, 'https:', host, port))

type Ask = (options: RequestOptions, onAnswer: (answer: IncomingMessage) => void) => ClientRequest

function serverAt(ask: Ask, protocol: string, host: string, port: number): Promise<boolean> {
  const hostname = host === '0.0.0.0' ? '127.0.0.1' : host
  return new Promise((resolve) => {
    const asked = ask(
      { protocol, hostname, port, path: '/readyz', rejectUnauthorized: false, timeout: PORT_PATIENCE_MS },
      (answer) => {
        answer.resume()
        resolve(/^fairway/i.test(String(answer.headers.server ?? '')))
      },
    )
    // It speaks something else, or does not answer: not ours, as far as can be seen.
    asked.on('error', () => resolve(false))
    asked.on('timeout', () => asked.destroy())
    asked.end()
  })
}

async function lookAtHaproxy({ gateway, path }: Config): Promise<Finding[]> {
  const program = findProgram(gateway.haproxy, path)
  if (program === undefined) return [judgeHaproxy(undefined)]
  const { stdout } = await execa(program, ['-v'], { timeout: PATIENCE_MS })
  return [judgeHaproxy(/version (\S+)/i.exec(stdout)?.[1] ?? 'unknown')]
}

async function lookForEngine(config: Config): Promise<Finding[]> {
  const findings = await lookAtEngine(config)
  const [first] = findings
  if (first?.status === 'ok') return findings
  return [
    warning(
      'engine',
      first?.seen ?? 'not there',
      'Services run as processes. Install Docker Engine 20.10 or newer to run images, Redis and Dockerfiles.',
    ),
  ]
}

async function lookAtEngine({ docker }: Config): Promise<Finding[]> {
  try {
    const engine = connectEngine(docker.socket)
    const asked = Date.now()
    const info = (await engine.info()) as Record<string, unknown>
    const clock = judgeClock('the engine', new Date(), new Date(String(info.SystemTime)), Date.now() - asked)
    return [
      ...judgeEngine({
        version: String(info.ServerVersion),
        memoryLimit: info.MemoryLimit === true,
        cpuLimit: info.CpuCfsQuota === true,
        pidsLimit: info.PidsLimit === true,
        liveRestore: info.LiveRestoreEnabled === true,
      }),
      clock,
    ]
  } catch (error) {
    const mend = hasCode(error, 'EACCES')
      ? `Add this user to the group that may use ${docker.socket}, and sign in again.`
      : `Start the Docker Engine, or name its socket in FAIRWAY_DOCKER_SOCKET (now ${docker.socket}).`
    return [failure('engine', reasonOf(error), mend)]
  }
}

async function lookAtRegistry({ docker: { registry } }: Config): Promise<Finding[]> {
  if (registry === undefined) {
    return [ok('registry', 'none configured: images stay in the engine')]
  }
  const host = registry.repository.split('/')[0] ?? ''
  const scheme = /^(localhost|127\.\d+\.\d+\.\d+)(:\d+)?$/.test(host) ? 'http' : 'https'
  try {
    const asked = Date.now()
    const answer = await fetch(`${scheme}://${host}/v2/`, {
      headers: basicOf(registry),
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    const date = answer.headers.get('date')
    const clock =
      date === null ? [] : [judgeClock('the registry', new Date(), new Date(date), Date.now() - asked + 1000)]
    if (answer.ok || answer.headers.get('www-authenticate')?.startsWith('Bearer')) {
      return [ok('registry', `${host} answers`), ...clock]
    }
    return [
      failure(
        'registry',
        `${host} answers ${answer.status}`,
        'Check FAIRWAY_REGISTRY_USERNAME and its password file.',
      ),
      ...clock,
    ]
  } catch (error) {
    return [
      failure('registry', `${host}: ${reasonOf(error)}`, 'Start the registry, or correct FAIRWAY_REGISTRY.'),
    ]
  }
}

function basicOf({ username, password }: { username?: string; password?: string }): Record<string, string> {
  if (username === undefined) return {}
  return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` }
}
