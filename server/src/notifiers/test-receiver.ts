import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export type Received = { path: string; headers: IncomingHttpHeaders; body: unknown }

/** For tests: takes what is posted, and answers as it is told to. */
export type TestReceiver = {
  url: string
  received: Received[]
  /** The status of the next answers. */
  answerWith(status: number): void
  close(): Promise<void>
}

export async function startTestReceiver(): Promise<TestReceiver> {
  const received: Received[] = []
  let status = 200
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(body) })
      // As careless servers do, a refusal repeats what it got.
      const refusal = `no: ${request.url} ${JSON.stringify(request.headers)}`
      response.writeHead(status).end(status === 200 ? 'ok' : refusal)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answerWith: (next) => {
      status = next
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
