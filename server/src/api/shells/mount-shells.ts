import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { type WebSocket, WebSocketServer } from 'ws'
import type { ApiDeps } from '../deps.ts'
import { TEAM_ID } from '../teams/team.ts'
import { type ShellCount, type ShellLimits, serveShell } from './shell-session.ts'
import type { ShellOwner } from './shell-target.ts'

const PATH =
  /^\/v1\/command-exec\/(?:teams\/(?<team>[^/?]+)\/)?projects\/(?<projectId>[^/?]+)\/(?<kind>services|jobs)\/(?<id>[^/?]+)\/?(?:\?|$)/

const LARGEST_MESSAGE = 256 * 1024
const PING_MS = 30_000
const CLOSE_MS = 10_000
/** Sockets that have not said who they are count here. */
const MOST_SOCKETS = 200

const DEFAULT_LIMITS: ShellLimits = {
  openMs: 10_000,
  idleMs: 15 * 60_000,
  longestMs: 12 * 3_600_000,
  recheckMs: 5_000,
  most: 50,
}

/** Takes WebSockets for commands in instances. The protocol: `contract/src/shell.ts`. */
export function mountShells(app: FastifyInstance, deps: ApiDeps, limits: Partial<ShellLimits> = {}): void {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: LARGEST_MESSAGE,
    perMessageDeflate: false,
  })
  const count: ShellCount = { open: 0 }
  const running = new Set<Promise<void>>()
  app.server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const owner = ownerOf(request.url ?? '')
    if (owner === undefined) refuse(stream, '404 Not Found')
    else if (!isOwnOrigin(request)) refuse(stream, '403 Forbidden')
    else if (sockets.clients.size >= MOST_SOCKETS) refuse(stream, '503 Service Unavailable')
    else
      sockets.handleUpgrade(request, stream, head, (socket) => {
        keepAlive(socket)
        const setting = { deps, owner, limits: { ...DEFAULT_LIMITS, ...limits }, count }
        const work = serveShell(socket, setting)
          .catch((error: unknown) => deps.log.error({ err: error }, 'a shell could not be closed cleanly'))
          .finally(() => running.delete(work))
        running.add(work)
      })
  })
  app.addHook('preClose', async () => {
    for (const socket of sockets.clients) socket.terminate()
    // A command that cannot be ended holds no stop up; its own runtime ends it with its instance.
    await Promise.race([Promise.all(running), pause(CLOSE_MS, undefined, { ref: false })])
  })
}

function ownerOf(url: string): ShellOwner | undefined {
  const { team, projectId, kind, id } = PATH.exec(url)?.groups ?? {}
  if (projectId === undefined || id === undefined || (team !== undefined && team !== TEAM_ID))
    return undefined
  return { projectId, id, kind: kind === 'jobs' ? 'job' : 'service' }
}

/** A browser says which page asks: only ours may. Programs say nothing. */
function isOwnOrigin({ headers: { origin, host } }: IncomingMessage): boolean {
  if (origin === undefined) return true
  return URL.canParse(origin) && new URL(origin).host === host
}

function refuse(stream: Duplex, status: string): void {
  stream.on('error', () => stream.destroy())
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** A peer that vanished without a word is noticed. */
function keepAlive(socket: WebSocket): void {
  let answered = true
  socket.on('pong', () => {
    answered = true
  })
  const timer = setInterval(() => {
    if (!answered) socket.terminate()
    answered = false
    if (socket.readyState === socket.OPEN) socket.ping()
  }, PING_MS)
  socket.once('close', () => clearInterval(timer))
}
