/** The kinds of client: a connection a request, one connection for many (HTTP/1.1, HTTP/2), and open WebSockets. */
import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import WebSocket from 'ws'
import { http2Client } from './http2-client.ts'
import type { LoadTally } from './load-report.ts'

export type LoadOptions = {
  /** Where to connect: `http://127.0.0.1:8080`. */
  url: string
  /** The Host header, when it is not that of the URL. */
  host?: string
  path: string
  newConnectionsPerSecond: number
  keepAliveClients: number
  /** Rest of a keep-alive client between two requests. Default 5. */
  pauseMs?: number
  /** Clients with one HTTP/2 connection each. Default 0. */
  http2Clients?: number
  webSockets?: { path: string; count: number }
  /** Close codes that a move to another instance may bring. Default: 1012. */
  moveCodes?: readonly number[]
  /** The header of the upgrade's answer that names the instance. Default `x-instance`. */
  instanceHeader?: string
  /** A request that takes longer has failed. Default 30,000. */
  requestTimeoutMs?: number
}

const RECONNECT_MS = 50
const TICK_MS = 10

export type Clients = { stop(): Promise<void> }

export function startClients(options: LoadOptions, tally: LoadTally): Clients {
  const stopping = new AbortController()
  const underWay = new Set<Promise<void>>()
  const track = (work: Promise<void>): void => {
    underWay.add(work)
    void work.finally(() => underWay.delete(work))
  }
  const newConnections = startNewConnections(options, () => track(requestOnce(options, tally, false)))
  for (let i = 0; i < options.keepAliveClients; i += 1)
    track(keepAliveClient(options, tally, stopping.signal))
  for (let i = 0; i < (options.http2Clients ?? 0); i += 1) track(http2Client(options, tally, stopping.signal))
  const sockets = Array.from({ length: options.webSockets?.count ?? 0 }, () =>
    openWebSocket(options, tally, stopping.signal),
  )
  return {
    stop: async () => {
      clearInterval(newConnections)
      stopping.abort()
      for (const socket of sockets) socket.close()
      await Promise.all(underWay)
    },
  }
}

function startNewConnections(options: LoadOptions, send: () => void): NodeJS.Timeout {
  const startedAt = performance.now()
  let sent = 0
  return setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * options.newConnectionsPerSecond)
    for (; sent < due; sent += 1) send()
  }, TICK_MS)
}

async function keepAliveClient(options: LoadOptions, tally: LoadTally, stop: AbortSignal): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  while (!stop.aborted) {
    await requestOnce(options, tally, agent)
    await delay(options.pauseMs ?? 5)
  }
  agent.destroy()
}

function requestOnce(options: LoadOptions, tally: LoadTally, agent: Agent | false): Promise<void> {
  const startedAt = performance.now()
  const target = new URL(options.path, options.url)
  return new Promise((resolve) => {
    const fail = (reason: string): void => {
      tally.failed(`${new Date().toISOString()} ${agent === false ? 'new' : 'keep-alive'}: ${reason}`)
      resolve()
    }
    const timeout = options.requestTimeoutMs ?? 30_000
    const req = request(target, { agent, headers: { host: options.host ?? target.host } }, (res) => {
      let body = ''
      res.setEncoding('utf8')
      res.on('data', (chunk: string) => {
        if (body.length < 200) body += chunk
      })
      res.on('error', (error) => fail(`answer broke off: ${error.message}`))
      res.on('end', () => {
        const status = res.statusCode ?? 0
        if (status < 200 || status > 299) return fail(`status ${status}: ${body.slice(0, 200).trim()}`)
        const now = performance.now()
        tally.succeeded(now, now - startedAt)
        resolve()
      })
    })
    req.setTimeout(timeout, () => req.destroy(new Error(`no answer in ${timeout} ms`)))
    req.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message))
    req.end()
  })
}

function openWebSocket(options: LoadOptions, tally: LoadTally, stop: AbortSignal): { close(): void } {
  const target = new URL(options.webSockets?.path ?? '/', options.url)
  target.protocol = 'ws:'
  const moveCodes = options.moveCodes ?? [1012]
  let current: WebSocket | undefined

  const open = (): void => {
    if (stop.aborted) return
    const socket = new WebSocket(target, { headers: { host: options.host ?? target.host } })
    let opened = false
    let instance: string | undefined
    current = socket
    socket.on('upgrade', (answer) => {
      const named = answer.headers[options.instanceHeader ?? 'x-instance']
      instance = typeof named === 'string' ? named : undefined
    })
    socket.on('open', () => {
      opened = true
      tally.webSocketOpened()
    })
    socket.on('error', (error) => {
      if (!opened && !stop.aborted) tally.webSocketFailed(`WebSocket not opened: ${error.message}`)
    })
    socket.on('close', (code) => {
      if (stop.aborted) return
      if (opened)
        tally.webSocketClosed(performance.now(), code, { instance, moved: moveCodes.includes(code) })
      setTimeout(open, opened && moveCodes.includes(code) ? 0 : RECONNECT_MS)
    })
  }
  open()
  return { close: () => current?.terminate() }
}
