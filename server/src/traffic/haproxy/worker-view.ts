/** Reads what a worker says of its servers. */
import { setTimeout as delay } from 'node:timers/promises'
import { FairwayError } from '@fairway/contract/errors'
import type { MasterSocket } from './master-socket.ts'

export type SeenServer = {
  backend: string
  name: string
  /** Takes new requests. */
  ready: boolean
}

export type SeenWorker = {
  pid: number
  structure: string
  backends: ReadonlySet<string>
  servers: SeenServer[]
}

/** Requests and sockets that a server has under way in one worker. */
export type Sessions = { pid: number; backend: string; name: string; count: number }

const MAINTENANCE_OR_DRAIN = 0x3f

export async function lookAtWorker(socket: MasterSocket, pid: number): Promise<SeenWorker> {
  const [info, backends, states] = await Promise.all([
    socket.ask(pid, ['show info']),
    socket.ask(pid, ['show backend']),
    socket.ask(pid, ['show servers state']),
  ])
  return {
    pid,
    structure: /^description: (.*)$/m.exec(info)?.[1]?.trim() ?? '',
    backends: new Set(backends.split('\n').filter((line) => line !== '' && !line.startsWith('#'))),
    servers: readServers(states),
  }
}

/** Reads `show servers state`: a header, then a line for each server. */
export const readServers = (states: string): SeenServer[] =>
  states.split('\n').flatMap((line) => {
    const [, backend, , name, , , admin] = line.split(' ')
    if (line.startsWith('#') || backend === undefined || name === undefined) return []
    return [{ backend, name, ready: (Number(admin) & MAINTENANCE_OR_DRAIN) === 0 }]
  })

/** In every given worker, of those servers that have any. A worker that just ended has none. */
export async function countSessions(socket: MasterSocket, pids: readonly number[]): Promise<Sessions[]> {
  const found = await Promise.all(pids.map((pid) => sessionsIn(socket, pid)))
  return found.flat()
}

const ASKED_AGAIN = 40
const AGAIN_AFTER_MS = 50

/** A worker that is about to end is still named for a moment, and answers nothing: it is asked until it is gone. */
async function sessionsIn(socket: MasterSocket, pid: number): Promise<Sessions[]> {
  for (let asked = 0; asked < ASKED_AGAIN; asked += 1) {
    const stats = await socket.ask(pid, ['show stat -1 4 -1'])
    if (stats.startsWith('# pxname')) return readSessions(pid, stats)
    const running = await socket.processes()
    if (running === undefined || (running.current?.pid !== pid && !running.old.includes(pid))) return []
    await delay(AGAIN_AFTER_MS)
  }
  // No answer may not be taken for no sessions.
  throw new FairwayError('traffic_failed', 'HAProxy broke its answer off.')
}

/** Reads `show stat` in CSV: backend, server, and as the fifth column the sessions under way. */
export const readSessions = (pid: number, stats: string): Sessions[] =>
  stats.split('\n').flatMap((line) => {
    const [backend, name, , , current] = line.split(',', 5)
    const count = Number(current)
    if (line.startsWith('#') || backend === undefined || name === undefined || !(count > 0)) return []
    return [{ pid, backend, name, count }]
  })

/** Ends what the servers have under way in a worker; an old one takes no orders for servers, but for sessions. */
export async function cutSessions(
  socket: MasterSocket,
  pid: number,
  servers: readonly { backend: string; name: string }[],
): Promise<void> {
  const all = await socket.ask(pid, ['show sess'])
  const named = new Set(servers.map(({ backend, name }) => `${backend} ${name}`))
  const ids = all.split('\n').flatMap((line) => {
    const [, id, backend, name] = /^(0x[0-9a-f]+):.* be=(\S+) srv=(\S+)/.exec(line) ?? []
    return id !== undefined && named.has(`${backend} ${name}`) ? [id] : []
  })
  if (ids.length > 0)
    await socket.ask(
      pid,
      ids.map((id) => `shutdown session ${id}`),
    )
}
