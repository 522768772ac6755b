import { afterAll, beforeAll, expect, test } from 'vitest'
import { get, openRaw, readAll, sendRaw } from './test-client.ts'
import { startTestGateway, type TestGateway, waitUntil } from './test-gateway.ts'
import { startInstance, type TestInstance } from './test-instance.ts'

let gateway: TestGateway
let port: number
const instances: TestInstance[] = []
const instance = async (...args: Parameters<typeof startInstance>): Promise<TestInstance> => {
  const started = await startInstance(...args)
  instances.push(started)
  return started
}

beforeAll(async () => {
  gateway = await startTestGateway({
    'headers-timeout-ms': '1000',
    'body-idle-timeout-ms': '700',
    'connect-timeout-ms': '500',
    'access-log-max-bytes': '4096',
    'access-log-keep': '2',
  })
  port = gateway.port
})
afterAll(async () => {
  await gateway.stop()
  await Promise.all(instances.map((started) => started.stop()))
})

test.each([
  ['a length beside a transfer coding', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'],
  ['two different lengths', 'Content-Length: 5\r\nContent-Length: 6\r\n', 'hello'],
  ['a length that is no number', 'Content-Length: +5\r\n', 'hello'],
  ['an unknown coding', 'Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'],
  ['a coding in disguise', 'Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'],
  ['a blank before the colon', 'Content-Length : 5\r\n', 'hello'],
  ['a folded header', 'X-A: 1\r\n 2\r\n', ''],
  ['a second host', 'Host: evil.test\r\n', ''],
])(
  'a request with %s is refused, its connection closed, and nothing of it reaches an instance',
  async (_, headers, body) => {
    const target = await instance('smuggle')
    await gateway.apply('p/smuggle', { backends: [target.active] })
    // With kept connections to the instance, whatever gets through arrives at once.
    const ordinary = () =>
      Promise.all(Array.from({ length: 8 }, () => get(port, 'smuggle.test', '/ordinary')))
    await ordinary()

    const answer = await sendRaw(
      port,
      `POST / HTTP/1.1\r\nHost: smuggle.test\r\n${headers}\r\n${body}GET /smuggled HTTP/1.1\r\nHost: smuggle.test\r\n\r\n`,
    )

    expect(answer).toMatch(/^HTTP\/1\.1 (400|501) /)
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1)
    await ordinary()
    expect(target.seen.filter(({ url }) => url !== '/ordinary')).toEqual([])
  },
)

test('headers over the limit get 431', async () => {
  const answer = await sendRaw(port, `GET / HTTP/1.1\r\nHost: a.test\r\nX-Big: ${'x'.repeat(40_000)}\r\n\r\n`)

  expect(answer).toMatch(/^HTTP\/1\.1 431 /)
})

test('a head that trickles in is cut off by the deadline', async () => {
  const socket = await openRaw(port)
  const trickle = setInterval(() => socket.write('X-A: 1\r\n'), 100)
  socket.write('GET / HTTP/1.1\r\nHost: a.test\r\n')

  const answer = await readAll(socket)
  clearInterval(trickle)

  expect(answer).toMatch(/^HTTP\/1\.1 408 /)
})

test('a body that stands still does not hold its instance for ever', async () => {
  const upload = await instance('upload', (req) => void req.resume())
  await gateway.apply('p/upload', { backends: [upload.active] })
  const socket = await openRaw(port)
  socket.write('POST / HTTP/1.1\r\nHost: upload.test\r\nContent-Length: 100\r\n\r\nhalf')

  expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 408 /)
  await waitUntil(async () => (await gateway.backend('p/upload', 'upload')).inFlight === 0)
})

test('a body that turns malformed while its answer is under way ends the connection, and adds nothing to the answer', async () => {
  const early = await instance('early', (_, res) => {
    res.writeHead(200, { 'content-length': '100' })
    res.write('first half')
  })
  await gateway.apply('p/early', { backends: [early.active] })
  const socket = await openRaw(port)
  const answer = readAll(socket)
  socket.write('POST / HTTP/1.1\r\nHost: early.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
  await waitUntil(() => socket.bytesRead > 100)

  socket.write('not a chunk\r\n')

  expect(await answer).toMatch(/first half$/)
})

test('chunks are checked: one that is malformed is refused before the instance has answered', async () => {
  const patient = await instance('patient', (req) => void req.resume())
  await gateway.apply('p/patient', { backends: [patient.active] })

  const answer = await sendRaw(
    port,
    'POST / HTTP/1.1\r\nHost: patient.test\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  )

  expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  await waitUntil(async () => (await gateway.backend('p/patient', 'patient')).inFlight === 0)
})
