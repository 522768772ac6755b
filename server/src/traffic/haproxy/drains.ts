/** Watches those who get nothing new: until they are done, or until their budget is over and what is left is cut. */
import { figuresOf, serverFigures } from './figures.ts'
import type { Gateway } from './gateway.ts'
import { type OpenDrain, openDrains, withEnded } from './gateway-state.ts'
import type { MasterSocket, Processes } from './master-socket.ts'
import type { RequestLog } from './request-log.ts'
import { keyOfBackend } from './route-map.ts'
import { KEEP_ALIVE_MS } from './settings.ts'
import { countSessions, cutSessions, type Sessions } from './worker-view.ts'

export const pidsOf = ({ current, old }: Processes): number[] =>
  current === undefined ? [...old] : [current.pid, ...old]

/**
 * Just after a reload an idle connection to an old worker may still bring one request, for an instance that the old
 * worker knows and cannot be told to leave.
 */
export const mayComeLate = ({ current, old }: Processes): boolean =>
  old.length > 0 && (current === undefined || current.uptimeMs < KEEP_ALIVE_MS + 2_000)

export const sessionsOf = (all: readonly Sessions[], key: string, name: string): Sessions[] =>
  all.filter((one) => one.name === name && keyOfBackend(one.backend) === key)

export const sumOf = (sessions: readonly Sessions[]): number =>
  sessions.reduce((sum, { count }) => sum + count, 0)

type Deps = { gateway: Gateway; socket: MasterSocket; requests: RequestLog; now: number }

/** In the gateway's turn only. */
export async function lookAfterDrains({ gateway, socket, requests, now }: Deps): Promise<void> {
  const open = openDrains(gateway.state)
  const running = open.length === 0 ? undefined : await socket.processes()
  if (running === undefined) return
  const all = await countSessions(socket, pidsOf(running))
  let state = gateway.state
  for (const drain of open) {
    const left = sessionsOf(all, drain.key, drain.name)
    const over = now >= drain.drain.until
    if (over && left.length > 0) await cut({ socket, requests }, drain, left)
    if (over || (left.length === 0 && !mayComeLate(running))) state = withEnded(state, drain.key, drain.name)
  }
  if (state !== gateway.state) await gateway.note(state)
}

async function cut(
  { socket, requests }: Pick<Deps, 'socket' | 'requests'>,
  { key, name }: OpenDrain,
  left: readonly Sessions[],
): Promise<void> {
  serverFigures(figuresOf(requests.figures, key), name).cut += sumOf(left)
  requests.touch()
  for (const pid of new Set(left.map((one) => one.pid)))
    await cutSessions(
      socket,
      pid,
      left.filter((one) => one.pid === pid),
    )
}
