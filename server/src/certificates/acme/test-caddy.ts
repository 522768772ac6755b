/**
 * For tests: a real ACME server, by Caddy. It fetches proofs from port 80 of the names that it is told of; they lead to an
 * address of this machine's loopback, by a file of hosts that only this process sees.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../lib/free-port.ts'
import { hasCode } from '../../lib/has-code.ts'

/** Caddy, and the right to bind port 80 and to mount. */
export const caddyHere = canRun('caddy', 'version') && canRun('unshare', '--mount', 'true')
if (!caddyHere && process.env.CI === 'true')
  throw new Error('These tests need Caddy, and to be root; one of them is missing here.')

function canRun(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' })
    return true
  } catch (error) {
    if (error instanceof Error && ('status' in error || hasCode(error, 'ENOENT'))) return false
    throw error
  }
}

export type TestAuthority = {
  directory: string
  /** PEM of its root. */
  ca: string
  /** Lets a host lead to an address from now on; it is noticed within five seconds. */
  lead(host: string, address: string): Promise<void>
  /** Ends it and lets another one start with what it knew. */
  stop(): Promise<void>
  start(): Promise<void>
  cleanUp(): Promise<void>
}

/** `hosts`: where each name leads to. */
export async function startCaddy(hosts: Readonly<Record<string, string>>): Promise<TestAuthority> {
  const folder = await mkdtemp(join(tmpdir(), 'fairway-caddy-'))
  const port = await freePort()
  const at = (name: string): string => join(folder, name)
  const led = { ...hosts }
  const writeHosts = () =>
    writeFile(
      at('hosts'),
      Object.entries({ localhost: '127.0.0.1', ...led })
        .map(([host, address]) => `${address} ${host}\n`)
        .join(''),
    )
  await writeHosts()
  await writeFile(at('caddy.json'), JSON.stringify(configOf(at('data'), port)))
  const root = at('data/pki/authorities/local/root.crt')
  let child: ChildProcess | undefined
  const start = async (): Promise<void> => {
    child = run(folder)
    await untilAnswers(port, root, child)
  }
  const stop = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }
  const cleanUp = async (): Promise<void> => {
    await stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  await start().catch(async (error: unknown) => {
    await cleanUp()
    throw error
  })
  return {
    directory: `https://localhost:${port}/acme/local/directory`,
    ca: await readFile(root, 'utf8'),
    lead: async (host, address) => {
      led[host] = address
      await writeHosts()
    },
    start,
    stop,
    cleanUp,
  }
}

function run(folder: string): ChildProcess {
  const script = 'mount --bind "$1/hosts" /etc/hosts && exec caddy run --config "$1/caddy.json"'
  return spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', folder], {
    env: { PATH: process.env.PATH, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    stdio: 'ignore',
  })
}

const configOf = (root: string, port: number) => ({
  admin: { disabled: true },
  storage: { module: 'file_system', root },
  apps: {
    pki: { certificate_authorities: { local: { name: 'Fairway tests', install_trust: false } } },
    http: {
      https_port: port,
      servers: {
        ca: {
          listen: [`127.0.0.1:${port}`],
          automatic_https: { disable_redirects: true },
          routes: [{ match: [{ host: ['localhost'] }], handle: [{ handler: 'acme_server', ca: 'local' }] }],
        },
      },
    },
    tls: { automation: { policies: [{ subjects: ['localhost'], issuers: [{ module: 'internal' }] }] } },
  },
})

async function untilAnswers(port: number, root: string, child: ChildProcess): Promise<void> {
  const end = Date.now() + 30_000
  while (Date.now() < end) {
    if (child.exitCode !== null) throw new Error(`Caddy ended with ${child.exitCode}`)
    if (existsSync(root) && (await answers(port))) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('Caddy did not start')
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, path: '/acme/local/directory', servername: 'localhost' }
    const sent = request(
      { ...options, headers: { host: 'localhost' }, rejectUnauthorized: false },
      (response) => {
        response.resume()
        resolve(response.statusCode === 200)
      },
    )
    // Whatever listens there may not be Caddy yet.
    sent.setTimeout(1_000, () => sent.destroy(new Error('no answer')))
    sent.on('error', () => resolve(false))
    sent.end()
  })
