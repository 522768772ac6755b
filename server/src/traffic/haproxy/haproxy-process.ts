/** HAProxy's own processes: a master that outlives the control plane, and its workers. */
import { readFile, rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { FairwayError } from '@fairway/contract/errors'
import { execa } from 'execa'
import { isAlive, startDetached } from '../../lib/detached-process.ts'
import { hasCode } from '../../lib/has-code.ts'
import { createMasterSocket, type MasterSocket, type Processes } from './master-socket.ts'
import { filesOf, type HaproxyFiles, type HaproxySettings } from './settings.ts'

const DEADLINE_MS = 20_000
const POLL_MS = 15

/** What the program can; `traffic_failed` when it is not there. */
export async function readProgram(program: string): Promise<{ version: string; metrics: boolean }> {
  const { stdout } = await execa(program, ['-vv']).catch((cause: Error) => {
    const missing = hasCode(cause, 'ENOENT')
    const sentence = missing ? 'HAProxy is not installed; install it.' : 'HAProxy cannot be run.'
    throw new FairwayError('traffic_failed', sentence, { detail: cause.message, cause })
  })
  return {
    version: /version (\d+\.\d+\.\d+)/i.exec(stdout)?.[1] ?? 'unknown',
    metrics: /USE_PROMEX=1|prometheus-exporter/.test(stdout),
  }
}

/** `traffic_failed` with HAProxy's own words when it would not serve this configuration. */
export async function checkConfig({ program, stateFolder }: HaproxySettings, file: string): Promise<void> {
  const { failed, stderr, stdout } = await execa(program, ['-c', '-f', file], {
    cwd: stateFolder,
    reject: false,
  })
  if (!failed) return
  const detail = `${stdout}\n${stderr}`.trim().slice(-4_000)
  throw new FairwayError(
    'traffic_failed',
    'HAProxy refuses the configuration for these routes; see the log.',
    {
      detail,
    },
  )
}

/** Starts master and worker, and resolves when the worker serves. Where somebody else starts them, waits for that. */
export function startHaproxy(
  settings: HaproxySettings,
  files: HaproxyFiles,
  socket: MasterSocket,
): Promise<Processes> {
  return settings.external ? awaitHaproxy(socket) : startOwn(settings, files, socket)
}

async function awaitHaproxy(socket: MasterSocket): Promise<Processes> {
  const found = await waitFor(async () => {
    const seen = await askQuietly(socket)
    return seen?.current === undefined ? undefined : seen
  })
  if (found !== undefined) return found
  throw new FairwayError(
    'traffic_failed',
    'HAProxy is started elsewhere (FAIRWAY_HAPROXY_EXTERNAL) and does not run. Start it with the configuration in its state folder.',
  )
}

async function startOwn(
  settings: HaproxySettings,
  files: HaproxyFiles,
  socket: MasterSocket,
): Promise<Processes> {
  const started = await startDetached({
    program: settings.program,
    args: ['-W', '-S', `${files.masterSocket},mode,600,level,admin`, '-p', files.pid, '-f', 'haproxy.cfg'],
    cwd: settings.stateFolder,
    out: files.accessLog,
    errors: files.log,
  })
  const found = await waitFor(async () => {
    const seen = await askQuietly(socket)
    if (seen?.master === started.pid && seen.current !== undefined) return seen
    return isAlive(started.pid) ? undefined : 'ended'
  })
  if (found !== undefined && found !== 'ended') return found
  throw await notStarted(files)
}

/**
 * Lets new workers take over the listening sockets, and resolves when one of them serves; rejects with the reason when
 * the configuration does not start, and the workers before it go on.
 */
export async function reloadHaproxy(
  files: HaproxyFiles,
  socket: MasterSocket,
  isNew: (pid: number) => Promise<boolean>,
): Promise<void> {
  const before = await socket.processes()
  await socket.reload()
  const found = await waitFor(async () => {
    const seen = await askQuietly(socket)
    if (seen === undefined) return undefined
    if (seen.failedReloads > (before?.failedReloads ?? 0)) return 'failed'
    const { current } = seen
    if (current === undefined || current.pid === before?.current?.pid) return undefined
    return (await isNew(current.pid).catch(notYet)) ? 'serves' : undefined
  })
  if (found !== 'serves') throw await notStarted(files)
}

/** While the master starts itself anew its socket may break an answer off. */
function notYet(error: unknown): undefined {
  if (error instanceof FairwayError && error.code === 'traffic_failed') return undefined
  throw error
}

const askQuietly = (socket: MasterSocket): Promise<Processes | undefined> => socket.processes().catch(notYet)

async function waitFor<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
  const deadline = performance.now() + DEADLINE_MS
  while (performance.now() < deadline) {
    const found = await look()
    if (found !== undefined) return found
    await delay(POLL_MS)
  }
  return undefined
}

async function notStarted(files: HaproxyFiles): Promise<FairwayError> {
  const words = (await readFile(files.log, 'utf8')).split('\n').slice(-8).join('\n')
  const sentence = 'HAProxy does not start with these settings; haproxy.log in its state folder says why.'
  return new FairwayError('traffic_failed', sentence, { detail: words })
}

/** Ends HAProxy and all its workers at once, and what they are at. For tests and for removing an installation. */
export async function stopHaproxy(settings: HaproxySettings): Promise<void> {
  const files = filesOf(settings)
  const seen = await createMasterSocket(files.masterSocket).processes()
  if (seen === undefined) return
  process.kill(seen.master, 'SIGTERM')
  const ended = await waitFor(async () => !isAlive(seen.master) || undefined)
  if (ended === undefined) throw new FairwayError('traffic_failed', 'HAProxy did not end in time.')
  await rm(files.masterSocket, { force: true })
}
