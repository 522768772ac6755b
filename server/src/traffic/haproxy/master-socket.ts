/** Speaks to HAProxy's master process, and through it to its workers. */
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { FairwayError } from '@fairway/contract/errors'
import { hasCode } from '../../lib/has-code.ts'

export type Processes = {
  master: number
  /** Undefined while a worker is being started. */
  current: { pid: number; uptimeMs: number } | undefined
  /** Workers of earlier configurations that finish what they are at. */
  old: readonly number[]
  /** How often a new configuration did not start. */
  failedReloads: number
}

export type MasterSocket = {
  /** Undefined when nobody answers at the socket. */
  processes(): Promise<Processes | undefined>
  /** What the worker answers to all of it together. A payload follows its command by `<<` and a new line. */
  ask(worker: number, commands: readonly string[]): Promise<string>
  reload(): Promise<void>
}

const TIMEOUT_MS = 10_000
/** Longer lines are refused by HAProxy. */
const LINE_BYTES = 8_000

export function createMasterSocket(path: string): MasterSocket {
  return {
    processes: async () => {
      const answer = await askOrGone(path)
      return answer === undefined ? undefined : parseProcesses(answer)
    },
    ask: async (worker, commands) => {
      let answers = ''
      for (const line of linesOf(commands))
        answers += await send(path, `${line.map((command) => `@!${worker} ${command}`).join('; ')}\n`)
      return answers
    },
    reload: async () => {
      await send(path, 'reload\n')
    },
  }
}

const ATTEMPTS = 5
const PAUSE_MS = 40

/** A master that starts itself anew breaks answers off; one that is gone leaves a socket that nobody listens on. */
async function askOrGone(path: string, attempt = 1): Promise<string | undefined> {
  try {
    const answer = await send(path, 'show proc\n')
    if (answer.includes('master')) return answer
    throw new FairwayError('traffic_failed', 'HAProxy broke its answer off.')
  } catch (error) {
    if (error instanceof FairwayError && hasCode(error.cause, 'ENOENT', 'ECONNREFUSED')) return undefined
    if (attempt === ATTEMPTS) throw error
    await delay(PAUSE_MS)
    return await askOrGone(path, attempt + 1)
  }
}

/** Several commands go in one line; one with a payload goes alone. */
export function linesOf(commands: readonly string[]): string[][] {
  const lines: string[][] = []
  let bytes = 0
  for (const command of commands) {
    const last = lines.at(-1)
    const size = Buffer.byteLength(command) + 20
    const alone = command.includes('\n') || last?.[0]?.includes('\n') === true
    if (last === undefined || alone || bytes + size > LINE_BYTES) {
      lines.push([command])
      bytes = size
    } else {
      last.push(command)
      bytes += size
    }
  }
  return lines
}

function send(path: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void => {
      const options = { detail: cause.message, cause }
      reject(new FairwayError('traffic_failed', 'HAProxy does not answer; see haproxy.log.', options))
    }
    const socket = connect(path)
    const chunks: Buffer[] = []
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer in time')))
    socket.on('error', fail)
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
    socket.end(text)
  })
}

/** Reads `show proc`. */
export function parseProcesses(text: string): Processes {
  const found = {
    master: 0,
    current: undefined as Processes['current'],
    old: [] as number[],
    failedReloads: 0,
  }
  let old = false
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) old = line.includes('old workers')
    const [, pid = '', type, rest = ''] = /^(\d+)\s+(\w+)\s+(.*)$/.exec(line) ?? []
    if (type === 'master') {
      found.master = Number(pid)
      found.failedReloads = Number(/failed: (\d+)/.exec(rest)?.[1] ?? 0)
    } else if (type === 'worker' && old) found.old.push(Number(pid))
    else if (type === 'worker') found.current = { pid: Number(pid), uptimeMs: uptimeOf(rest) }
  }
  return found
}

function uptimeOf(rest: string): number {
  const [, days, hours, minutes, seconds] = /(\d+)d\s*(\d+)h(\d+)m(\d+)s/.exec(rest)?.map(Number) ?? []
  return ((((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000
}
