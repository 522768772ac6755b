/** For tests: what the public does to a gateway. */
import { once } from 'node:events'
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import WebSocket from 'ws'

export type Reply = { status: number; body: string; headers: IncomingHttpHeaders }
type Ask = { url: string; host: string; agent?: Agent; headers?: Record<string, string>; body?: string }

/** With a body it is a POST. */
export function get({ url, host, agent, headers = {}, body: sent }: Ask): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const method = sent === undefined ? 'GET' : 'POST'
    const length = sent === undefined ? {} : { 'content-length': String(Buffer.byteLength(sent)) }
    const options = { method, agent: agent ?? false, headers: { ...headers, ...length, host } }
    const req = request(url, options, (res) => {
      let body = ''
      res.setEncoding('utf8')
      res.on('data', (chunk: string) => {
        body += chunk
      })
      res.on('error', reject)
      res.on('end', () => resolve({ status: res.statusCode ?? 0, body, headers: res.headers }))
    })
    req.on('error', reject)
    req.end(sent)
  })
}

export async function until(condition: () => Promise<boolean> | boolean, withinMs = 15_000): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`did not come true: ${condition.toString()}`)
    await delay(10)
  }
}

/** Requests without pause, new connections and kept ones, until stopped. */
export function startLoad(
  url: string,
  host: string,
): { stop(): Promise<{ bad: unknown[]; requests: number }> } {
  let loading = true
  let requests = 0
  const bad: unknown[] = []
  const client = async (agent: Agent | undefined): Promise<void> => {
    while (loading) {
      requests += 1
      const reply = await get({ url, host, ...(agent && { agent }) }).catch((error: Error) => error)
      if (reply instanceof Error) bad.push(reply.message)
      else if (reply.status !== 200) bad.push(reply.status)
    }
    agent?.destroy()
  }
  const kept = Array.from({ length: 4 }, () => client(new Agent({ keepAlive: true, maxSockets: 1 })))
  const all = [...kept, client(undefined), client(undefined)]
  return {
    stop: async () => {
      loading = false
      await Promise.all(all)
      return { bad, requests }
    },
  }
}

export async function openSocket(url: string, host: string): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers: { host } })
  await once(socket, 'open')
  return socket
}

/** Whether a message sent comes back. */
export async function echoes(socket: WebSocket, text: string): Promise<boolean> {
  if (socket.readyState !== WebSocket.OPEN) return false
  const answer = once(socket, 'message') as Promise<[Buffer]>
  socket.send(text)
  return (await answer)[0].toString() === text
}
