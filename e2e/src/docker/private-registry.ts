/** For tests: an OCI registry of the test's own (Debian's `docker-registry`), and a network to it that can be cut. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../fairway/free-ports.ts'
import { waitFor } from '../fairway/wait-for.ts'
import { PATIENCE } from './patience.ts'

export type PrivateRegistry = {
  host: string
  /** Does nothing when it runs. */
  start(): Promise<void>
  stop(): Promise<void>
  remove(): Promise<void>
}

function programHere(): boolean {
  try {
    execFileSync('docker-registry', ['--version'], { stdio: 'ignore' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return false
  }
}

export const registryProgramHere = programHere()
if (!registryProgramHere && process.env.CI === 'true')
  throw new Error('These tests need the program docker-registry, and it is not here.')

export async function createPrivateRegistry(): Promise<PrivateRegistry> {
  const folder = mkdtempSync(join(tmpdir(), 'fairway-registry-'))
  const [port] = await freePorts(1)
  const host = `127.0.0.1:${port}`
  const settings = {
    version: '0.1',
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    http: { addr: host },
  }
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(settings))
  let child: ChildProcess | undefined
  const stop = async (): Promise<void> => {
    if (child !== undefined) await ended(child)
    child = undefined
  }
  return {
    host,
    stop,
    start: async () => {
      if (child !== undefined) return
      child = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' })
      await waitFor('the registry to answer', () => answers(host), PATIENCE)
    },
    remove: async () => {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = new Promise((resolve) => child.once('exit', resolve))
  child.kill()
  await exit
}

async function answers(host: string): Promise<boolean> {
  try {
    return (await fetch(`http://${host}/v2/`)).ok
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}

/** `break`: connections end and none is taken. `swallow`: they stay, and nothing passes any more. */
export type Cut = 'break' | 'swallow'

export type Network = {
  host: string
  /** Cuts when so many bytes have been sent to the registry from now on; resolves then. */
  cutAfter(bytes: number, how: Cut): Promise<void>
  mend(): void
  close(): Promise<void>
}

/** A way to the registry that the test can cut. */
export async function createNetwork(to: string): Promise<Network> {
  const [toHost = '', toPort] = to.split(':')
  const sockets = new Set<Socket>()
  let state: Cut | 'whole' = 'whole'
  let armed: { left: number; how: Cut; done(): void } | undefined
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    // Its other half ends with it; a broken connection is what is tested.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }
  const cut = (how: Cut): void => {
    state = how
    for (const socket of sockets) how === 'break' ? socket.destroy() : socket.unpipe().pause()
  }
  const count = (bytes: number): void => {
    if (armed === undefined) return
    armed.left -= bytes
    if (armed.left > 0) return
    const { how, done } = armed
    armed = undefined
    cut(how)
    done()
  }
  const server = createServer((client) => {
    if (state === 'break') return void client.destroy()
    keep(client)
    if (state === 'swallow') return
    const upstream = connect(Number(toPort), toHost)
    keep(upstream)
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
    client.on('data', (chunk: Buffer) => count(chunk.length))
    client.pipe(upstream).pipe(client)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    host: `127.0.0.1:${(server.address() as { port: number }).port}`,
    cutAfter: (bytes, how) =>
      new Promise((done) => {
        armed = { left: bytes, how, done }
      }),
    mend: () => {
      state = 'whole'
      for (const socket of sockets) socket.destroy()
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
