/** For tests: a Docker Engine of the test's own, which may be stopped, killed and starved. The machine's is never touched. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isEngineThere } from '@fairway/server/lib/docker/engine-socket'
import { waitFor } from '../fairway/wait-for.ts'
import { unlessGone } from './engine-view.ts'
import { PATIENCE } from './patience.ts'

export type PrivateEngine = {
  socket: string
  /** Where its images and containers lie. */
  dataRoot: string
  docker(...args: string[]): string
  start(...flags: string[]): Promise<void>
  /** SIGTERM ends its containers too, unless it was started with `--live-restore`. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Ends it and all it runs, and leaves nothing behind. */
  remove(): Promise<void>
}

/** The engine is not started yet. With `megabytes` its data lies on a disk of that size. */
export function createPrivateEngine({ megabytes }: { megabytes?: number } = {}): PrivateEngine {
  // Short: the kernel allows the path of a socket about a hundred bytes.
  const folder = mkdtempSync(join(tmpdir(), 'fw-'))
  const place = { folder, socket: join(folder, 'sock'), dataRoot: join(folder, 'data') }
  mkdirSync(place.dataRoot)
  if (megabytes !== undefined)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', place.dataRoot])
  let child: ChildProcess | undefined
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child !== undefined) await ended(child, signal)
    child = undefined
  }
  const docker = (...args: string[]): string =>
    execFileSync('docker', ['-H', `unix://${place.socket}`, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  return {
    ...place,
    docker,
    start: async (...flags) => {
      child = await started(place, flags)
    },
    end,
    remove: async () => {
      await end('SIGTERM')
      endLeft(folder)
      unmountBelow(folder)
      execFileSync('ip', ['link', 'del', BRIDGE])
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    },
  }
}

type Place = { folder: string; socket: string; dataRoot: string }

async function started({ folder, socket, dataRoot }: Place, flags: readonly string[]): Promise<ChildProcess> {
  // One that was killed leaves numbers, which may be those of zombies or of other processes now.
  for (const left of ['pid', 'exec/containerd/containerd.pid']) rmSync(join(folder, left), { force: true })
  presentBridge()
  const log = openSync(join(folder, 'dockerd.log'), 'a')
  const child = spawn('dockerd', [...argumentsOf({ folder, socket, dataRoot }), ...flags], {
    stdio: ['ignore', log, log],
  })
  await waitFor(
    'the private engine to answer',
    () => {
      if (child.exitCode !== null)
        throw new Error(readFileSync(join(folder, 'dockerd.log'), 'utf8').slice(-2000))
      return isEngineThere(socket)
    },
    PATIENCE,
  )
  return child
}

/**
 * An engine without a default bridge (`none`), or one that starts again with a `--default-address-pool`, would remove the
 * default bridge of the machine's own engine.
 */
const BRIDGE = `fwt${process.pid}`

function presentBridge(): void {
  if (existsSync(`/sys/class/net/${BRIDGE}`)) return
  execFileSync('ip', ['link', 'add', BRIDGE, 'type', 'bridge'])
  execFileSync('ip', ['addr', 'add', '10.212.0.1/24', 'dev', BRIDGE])
  execFileSync('ip', ['link', 'set', BRIDGE, 'up'])
}

/** It leaves the packet filter and the default bridge to the machine's own engine. */
const argumentsOf = ({ folder, socket, dataRoot }: Place): string[] => [
  ...['-H', `unix://${socket}`, '--data-root', dataRoot, '--exec-root', join(folder, 'exec')],
  ...['--pidfile', join(folder, 'pid'), '--bridge', BRIDGE],
  ...['--iptables=false', '--ip-forward=false', '--ip-masq=false', '--userland-proxy=false'],
]

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await exit
}

/** What a killed engine leaves: the shims of its containers, which name the folder, and their children, the containers. */
function endLeft(folder: string): void {
  for (const shim of readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && isLeft(pid, folder)))
    for (const pid of [...childrenOf(shim), shim]) unlessGone(() => process.kill(pid, 'SIGKILL'))
}

const isLeft = (pid: number, folder: string): boolean =>
  unlessGone(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${folder}/exec/`)) ?? false

const childrenOf = (pid: number): number[] =>
  (unlessGone(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')) ?? '')
    .split(' ')
    .filter(Boolean)
    .map(Number)

function unmountBelow(folder: string): void {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
  for (const mount of mounts.filter((path) => path.startsWith(`${folder}/`)).reverse())
    execFileSync('umount', ['-l', mount])
}

/** Copies an image of the machine's engine. */
export function giveImage(engine: PrivateEngine, image: string): void {
  const saved = join(engine.dataRoot, '..', 'image.tar')
  execFileSync('docker', ['save', '-o', saved, image])
  engine.docker('load', '-q', '-i', saved)
  rmSync(saved)
}
