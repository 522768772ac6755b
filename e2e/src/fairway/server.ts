import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts } from './free-ports.ts'
import { waitFor } from './wait-for.ts'

/** A whole Fairway, as `fairway up` runs it, on free ports and a data folder of its own. */
export type Fairway = {
  url: string
  gatewayUrl: string
  gatewayPort: number
  dataFolder: string
  logFile: string
  pid: number
  token(): string
  /** As a power cut would: nothing is said, nothing is cleaned up. */
  kill(): Promise<void>
  /** Asks politely and waits. Instances, addons and the gateway go on, as they should. */
  stop(): Promise<void>
  /**
   * Ends every process that belongs to this data folder, also those that outlive the server. What it has on an engine
   * is removed too, unless `engine` says to keep it, for an engine that goes as a whole.
   */
  stopEverything(engine?: 'keep'): Promise<void>
}

export type FairwayOptions = {
  dataFolder: string
  env?: Record<string, string>
  ports?: { api: number; gateway: number }
}

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..')

export async function startFairway({ dataFolder, env = {}, ports }: FairwayOptions): Promise<Fairway> {
  const [api, gateway] = ports ? [ports.api, ports.gateway] : await freePorts(2)
  mkdirSync(dataFolder, { recursive: true })
  const logFile = join(dataFolder, 'fairway.log')
  const child = spawn(process.execPath, [join(root, 'server/dist/main.js')], {
    env: {
      ...process.env,
      // The same everywhere, whatever the machine has; a test that means Docker or HAProxy says so.
      FAIRWAY_RUNTIME: 'process',
      FAIRWAY_GATEWAY: 'embedded',
      // One port for all would make tests meet each other.
      FAIRWAY_GATEWAY_HTTPS_PORT: '0',
      FAIRWAY_DATA: dataFolder,
      FAIRWAY_PORT: String(api),
      FAIRWAY_GATEWAY_PORT: String(gateway),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const log = createWriteStream(logFile, { flags: 'a' })
  child.stdout.pipe(log)
  child.stderr.pipe(log)
  const url = `http://127.0.0.1:${api}`
  await ready(child, url, logFile)
  return handle(child, { url, gateway: gateway as number, dataFolder, logFile, env })
}

async function ready(child: ChildProcess, url: string, logFile: string): Promise<void> {
  await waitFor(
    'the server to be ready',
    async () => {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`the server ended while starting:\n${readFileSync(logFile, 'utf8').slice(-2000)}`)
      }
      return answers(`${url}/readyz`)
    },
    { deadlineMs: 30_000, everyMs: 25 },
  )
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}

type Started = {
  url: string
  gateway: number
  dataFolder: string
  logFile: string
  env: Record<string, string>
}

function handle(child: ChildProcess, { url, gateway, dataFolder, logFile, env }: Started): Fairway {
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await ended
  }
  return {
    url,
    gatewayUrl: `http://127.0.0.1:${gateway}`,
    gatewayPort: gateway,
    dataFolder,
    logFile,
    pid: child.pid ?? 0,
    token: () => readFileSync(join(dataFolder, 'admin-token'), 'utf8').trim(),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    stopEverything: async (engine) => {
      await end('SIGTERM')
      await stopAll(dataFolder, env, engine === 'keep' ? [] : ['--remove'])
    },
  }
}

/** `main.js stop-all` ends what outlives the server: instances, gateway, databases of this data folder. */
function stopAll(dataFolder: string, env: Record<string, string>, flags: string[]): Promise<void> {
  const child = spawn(process.execPath, [join(root, 'server/dist/stop-all.js'), ...flags], {
    env: { ...process.env, FAIRWAY_DATA: dataFolder, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`stop-all ended with ${code}: ${said.slice(-2000)}`)),
    )
  })
}
