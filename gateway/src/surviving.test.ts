import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { get } from './test-client.ts'
import { readState, startTestGateway, type TestGateway, waitUntil } from './test-gateway.ts'
import { startInstance, type TestInstance } from './test-instance.ts'

let gateway: TestGateway
let instance: TestInstance
const running: TestGateway[] = []
const another = async (flags: Record<string, string>): Promise<TestGateway> => {
  const started = await startTestGateway(flags)
  running.push(started)
  return started
}

beforeAll(async () => {
  instance = await startInstance('one')
  gateway = await another({})
})
afterAll(async () => {
  await Promise.all(running.map((started) => started.stop()))
  await instance.stop()
})

test('after kill -9 a restarted gateway serves the acknowledged routes from disk', async () => {
  await gateway.apply('p/disk', { backends: [instance.active] })
  await gateway.apply('p/removed', { backends: [instance.active] })
  await gateway.control('DELETE', '/services/p/removed')

  await gateway.kill()
  await gateway.start()

  expect((await get(gateway.port, 'disk.test')).body).toBe('one')
  expect((await get(gateway.port, 'removed.test')).status).toBe(404)
  expect((await gateway.control('GET', '/services')).json).toEqual([{ key: 'p/disk', generation: 1 }])
})

test('a damaged file is reported and left alone, and the other services serve', async () => {
  await gateway.apply('p/whole', { backends: [instance.active] })
  await writeFile(join(gateway.folder, 'state', 'p.torn.json'), '{"key":"p/torn","gen')
  await writeFile(join(gateway.folder, 'state', 'p.other.json'), await readState(gateway, 'p.whole.json'))

  await gateway.kill()
  await gateway.start()

  expect((await get(gateway.port, 'whole.test')).body).toBe('one')
  const { damaged } = (await gateway.control('GET', '/health')).json as { damaged: { file: string }[] }
  expect(damaged.map(({ file }) => file)).toEqual(['p.other.json', 'p.torn.json'])
  expect(await readState(gateway, 'p.torn.json')).toContain('torn')
})

test('an older generation is refused, the same one is acknowledged again, a changed one under its number is not', async () => {
  const put = (generation: number, budget = 1) =>
    gateway.control('PUT', '/services/p/order', {
      key: 'p/order',
      generation,
      routes: [],
      drainBudgetMs: budget,
    })

  expect((await put(5)).status).toBe(200)
  expect(await put(4)).toMatchObject({ status: 409, json: { error: { code: 'conflict' } } })
  expect((await put(5)).status).toBe(200)
  expect((await put(5, 2)).status).toBe(409)
  expect((await put(6)).status).toBe(200)
})

test('routes that break a rule are refused with the fields, and change nothing', async () => {
  await gateway.apply('p/strict', { backends: [instance.active] })
  const bad = { key: 'p/strict', generation: 9, routes: [{ hosts: [], pathPrefix: 'x', backends: [] }] }

  const reply = await gateway.control('PUT', '/services/p/strict', bad)
  expect(reply.status).toBe(400)
  expect(reply.json).toMatchObject({
    error: { problems: [{ field: 'routes.0.hosts' }, { field: 'routes.0.pathPrefix' }] },
  })
  expect((await gateway.control('PUT', '/services/p/strict', '{"key":')).status).toBe(400)
  expect((await gateway.control('PUT', '/services/p/else', { ...bad, routes: [] })).status).toBe(400)
  expect((await gateway.control('PUT', '/services/../../etc', bad)).status).toBe(404)
  expect((await get(gateway.port, 'strict.test')).body).toBe('one')
})

test('a worker that dies is replaced, and the new one serves every route', async () => {
  await gateway.apply('p/worker', { backends: [instance.active] })
  const workers = await childrenOf(gateway.pid())
  expect(workers).toHaveLength(2)

  for (const pid of workers) process.kill(pid, 'SIGKILL')
  await waitUntil(() => workers.every((pid) => !isAlive(pid)))

  // Connections wait for the new worker rather than being refused.
  expect((await get(gateway.port, 'worker.test')).body).toBe('one')
  await gateway.apply('p/worker', { backends: [instance.active] })
  expect((await gateway.report('p/worker')).generation).toBe(2)
})

test('when the primary is killed its workers end, and free the port', async () => {
  const workers = await childrenOf(gateway.pid())
  await gateway.kill()
  await waitUntil(() => workers.every((pid) => !isAlive(pid)))
  await gateway.start()
})

test('only the owner may open the control socket, and a second gateway on it does not start', async () => {
  expect((await stat(join(gateway.folder, 'control.sock'))).mode & 0o777).toBe(0o600)
  expect(((await gateway.control('GET', '/health')).json as { pid: number }).pid).toBe(gateway.pid())
})

test('a graceful end lets the request under way finish', async () => {
  let finish: (() => void) | undefined
  const slow = await startInstance('slow', (_, res) => {
    // Only the first is slow: a question that gets in before the end is answered at once.
    if (finish !== undefined) return void res.end('late')
    finish = () => res.end('done')
  })
  const ending = await another({})
  await ending.apply('p/slow', { backends: [slow.active] })
  const underWay = get(ending.port, 'slow.test')
  await waitUntil(() => finish !== undefined)

  expect((await ending.control('POST', '/shutdown')).status).toBe(202)
  await waitUntil(() =>
    get(ending.port, 'slow.test').then(
      () => false,
      () => true,
    ),
  )
  finish?.()

  expect((await underWay).body).toBe('done')
  await slow.stop()
})

test('the access log has a line a request, is rotated by size, and can be off', async () => {
  const logging = await another({ workers: '1', 'access-log-max-bytes': '2048', 'access-log-keep': '2' })
  const quiet = await another({ workers: '1', 'access-log': 'off' })
  for (const started of [logging, quiet]) await started.apply('p/log', { backends: [instance.active] })
  for (let round = 0; round < 4; round += 1) {
    for (let i = 0; i < 12; i += 1) await get(logging.port, 'log.test', `/r${round}`)
    await waitUntil(async () => (await allLogs(logging)).includes(`/r${round}`))
  }
  await get(quiet.port, 'log.test')

  const files = (await readdir(join(logging.folder, 'state'))).filter((file) => file.startsWith('access'))
  expect(files.sort()).toEqual(['access-1.log', 'access-1.log.1', 'access-1.log.2'])
  const [line] = (await readState(logging, 'access-1.log.1')).split('\n')
  expect(JSON.parse(line ?? '')).toMatchObject({
    service: 'p/log',
    backend: 'one',
    method: 'GET',
    host: 'log.test',
    status: 200,
    attempts: 1,
  })
  expect(await readdir(join(quiet.folder, 'state'))).toEqual(['p.log.json'])
})

test('the counters are readable by Prometheus', async () => {
  await gateway.apply('p/count', { backends: [instance.active] })
  for (let i = 0; i < 5; i += 1) await get(gateway.port, 'count.test')

  const { text } = await gateway.control('GET', '/metrics')

  expect(text).toContain('# TYPE fairway_gateway_requests_total counter\n')
  expect(text).toContain('fairway_gateway_requests_total{service="p/count"} 5\n')
  expect(text).toContain('fairway_gateway_active_backends{service="p/count"} 1\n')
})

async function allLogs(from: TestGateway): Promise<string> {
  const files = (await readdir(join(from.folder, 'state'))).filter((file) => file.startsWith('access'))
  return (await Promise.all(files.map((file) => readState(from, file)))).join('')
}

async function childrenOf(pid: number): Promise<number[]> {
  const { readFile } = await import('node:fs/promises')
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return children.trim().split(/\s+/).map(Number)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
