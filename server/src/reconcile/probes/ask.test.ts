import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import type { HealthCheck } from '@fairway/contract/resources/health-check'
import { describe, expect, test } from 'vitest'
import { freePort } from '../../lib/free-port.ts'
import type { ExecEvent, ExecRequest } from '../runtime-port.ts'
import { ask } from './ask.ts'

const check = (change: Partial<HealthCheck>): HealthCheck => ({
  type: 'readinessProbe',
  protocol: 'HTTP',
  path: '/health',
  port: 80,
  initialDelaySeconds: 0,
  periodSeconds: 1,
  timeoutSeconds: 0.3,
  failureThreshold: 1,
  successThreshold: 1,
  ...change,
})

const noExec = {
  exec: (): AsyncIterable<ExecEvent> => {
    throw new Error('no command is expected')
  },
}

async function askHttp(behave: RequestListener, change: Partial<HealthCheck> = {}) {
  const server = createServer(behave).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    const address = { host: '127.0.0.1', port }
    return await ask({ check: check(change), address, runtimeId: 'i.0' }, noExec)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

describe('an HTTP probe', () => {
  test.each([
    [200, true],
    [204, true],
    [302, true],
    [399, true],
    [400, false],
    [404, false],
    [503, false],
  ])('of an answer with status %i passes: %s', async (status, ok) => {
    expect((await askHttp((_, response) => response.writeHead(status).end())).ok).toBe(ok)
  })

  test('follows no redirect, and asks for the path with its query', async () => {
    const asked: string[] = []
    const { ok } = await askHttp(
      (request, response) => {
        asked.push(`${request.method} ${request.url}`)
        response.writeHead(302, { location: '/elsewhere' }).end()
      },
      { path: '/health?deep=1' },
    )
    expect({ ok, asked }).toEqual({ ok: true, asked: ['GET /health?deep=1'] })
  })

  test('shows the status and the start of the answer', async () => {
    const { response } = await askHttp((_, reply) =>
      reply.writeHead(503).end(`warming up ${'x'.repeat(9000)}`),
    )
    expect(response).toMatch(/^HTTP 503 warming up x+$/)
    expect(response).toHaveLength(200)
  })

  test('fails when the answer does not come in time, or stops half way', async () => {
    expect(await askHttp(() => undefined)).toMatchObject({ ok: false, response: 'no answer within 0.3 s' })
    const half = await askHttp((_, reply) => void reply.writeHead(200).write('half'))
    expect(half.ok).toBe(false)
  })

  test('says that nothing listens', async () => {
    const port = await freePort()
    const answer = await ask(
      { check: check({}), address: { host: '127.0.0.1', port }, runtimeId: 'i.0' },
      noExec,
    )
    expect(answer).toMatchObject({
      ok: false,
      response: `connection refused: nothing listens on port ${port}`,
    })
  })
})

test('a TCP probe passes when the connection opens, and not when nothing listens', async () => {
  const server = createTcpServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const question = {
    check: check({ protocol: 'TCP' }),
    address: { host: '127.0.0.1', port },
    runtimeId: 'i.0',
  }
  expect((await ask(question, noExec)).ok).toBe(true)
  server.close()
  await once(server, 'close')
  expect(await ask(question, noExec)).toMatchObject({ ok: false, response: /nothing listens/ })
})

describe('a CMD probe', () => {
  const run = async (cmd: string, events: ExecEvent[]) => {
    const requests: ExecRequest[] = []
    const runtime = {
      async *exec(_: string, request: ExecRequest) {
        requests.push(request)
        yield* events
      },
    }
    const question = {
      check: check({ protocol: 'CMD', cmd }),
      address: { host: '', port: 0 },
      runtimeId: 'i.0',
    }
    return { answer: await ask(question, runtime), requests }
  }

  test('passes on exit status 0; the command is split, not given to a shell', async () => {
    const { answer, requests } = await run("cat '/tmp/a b' $HOME", [{ type: 'exit', exitCode: 0 }])
    expect(answer).toMatchObject({ ok: true, response: 'exit 0' })
    expect(requests).toEqual([{ command: ['cat', '/tmp/a b', '$HOME'], timeoutMs: 300 }])
  })

  test('fails on any other status, with what the command printed', async () => {
    const { answer } = await run('check', [
      { type: 'stderr', chunk: Buffer.from('not yet') },
      { type: 'exit', exitCode: 3 },
    ])
    expect(answer).toMatchObject({ ok: false, response: 'exit 3 not yet' })
  })

  test('fails when it takes too long', async () => {
    const { answer } = await run('check', [{ type: 'exit', exitCode: 137, signal: 'SIGKILL' }])
    expect(answer).toMatchObject({ ok: false, response: 'no answer within 0.3 s' })
  })
})
