import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { FairwayError } from '@fairway/contract/errors'
import { expect, test } from 'vitest'
import { createAcmeHttp } from './acme-http.ts'

async function answered(answer: RequestListener): Promise<unknown> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    return await createAcmeHttp(undefined)({ url: `http://127.0.0.1:${port}/x`, headers: {} })
  } catch (error) {
    return error
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const problem =
  (status: number, type: string, headers: Record<string, string> = {}): RequestListener =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/problem+json', ...headers })
    response.end(JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail: 'Too many. ' }))
  }

test('a refusal keeps what the authority said, its kind, and how long to stay away, at once', async () => {
  const began = performance.now()
  const error = await answered(problem(429, 'rateLimited', { 'retry-after': '3600' }))
  expect(error).toBeInstanceOf(FairwayError)
  expect(error).toMatchObject({
    code: 'certificate_failed',
    message: 'The certificate authority refused: Too many.',
    data: { problem: 'rateLimited', retryAfterMs: 3_600_000 },
  })
  expect(performance.now() - began).toBeLessThan(5_000)
})

test('a refusal may name the time to come back', async () => {
  const at = new Date(Date.now() + 600_000).toUTCString()
  const error = (await answered(problem(503, 'serverInternal', { 'retry-after': at }))) as FairwayError
  expect(Math.abs(Number(error.data.retryAfterMs) - 600_000)).toBeLessThan(30_000)
})

test('a refusal in no form that is known is told by its status', async () => {
  const error = await answered((_, response) => response.writeHead(502).end('<html>'))
  expect(error).toMatchObject({
    message: 'The certificate authority refused: status 502.',
    data: { problem: '502' },
  })
})

test('a stale nonce is left to the client, which asks again', async () => {
  expect(await answered(problem(400, 'badNonce'))).toMatchObject({ status: 400 })
})

test('a connection that breaks is said to be one, and not a mistake of the client', async () => {
  const error = await answered((request) => request.socket.destroy())
  expect(error).toMatchObject({ code: 'certificate_failed', data: { problem: 'unreachable' } })
})

test('an endless answer is cut off', async () => {
  const error = await answered((_, response) => {
    const more = (): void => {
      while (response.write('x'.repeat(100_000))) if (response.destroyed) return
      response.once('drain', more)
    }
    more()
  })
  expect(error).toMatchObject({ data: { problem: 'unreachable' } })
})
