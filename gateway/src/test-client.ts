/** For tests: requests as programs send them, and bytes as attackers do. */
import { once } from 'node:events'
import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http'
import { connect, type Socket } from 'node:net'

export type Reply = {
  status: number
  headers: IncomingHttpHeaders
  body: string
  trailers: NodeJS.Dict<string>
}

export function send(port: number, options: RequestOptions & { body?: string | Buffer }): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', port, agent: false, ...options }, (res) => {
      const chunks: Buffer[] = []
      res.on('data', (chunk: Buffer) => chunks.push(chunk))
      res.on('error', reject)
      res.on('end', () =>
        resolve({
          status: res.statusCode ?? 0,
          headers: res.headers,
          body: Buffer.concat(chunks).toString(),
          trailers: res.trailers,
        }),
      )
    })
    req.on('error', reject)
    req.end(options.body)
  })
}

export const get = (port: number, host: string, path = '/', more: RequestOptions = {}): Promise<Reply> =>
  send(port, { path, ...more, headers: { host, ...(more.headers as Record<string, string> | undefined) } })

/** Writes the bytes, and answers what came back when the other side closed. */
export async function sendRaw(port: number, bytes: string): Promise<string> {
  const socket = await openRaw(port)
  socket.write(bytes, 'latin1')
  return readAll(socket)
}

export async function openRaw(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port })
  await once(socket, 'connect')
  return socket
}

export async function readAll(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    text += chunk
  })
  socket.on('error', (error) => {
    text += `\n[${error.message}]`
  })
  await once(socket, 'close')
  return text
}
