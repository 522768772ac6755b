import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { startHaproxyTraffic } from './haproxy-traffic.ts'
import { echoes, get, openSocket, startLoad, until } from './test-clients.ts'
import { haproxyHere } from './test-haproxy.ts'
import { createWorld, processesOf, routes } from './test-world.ts'

const log = { info: () => undefined, error: () => undefined }
const world = createWorld()
afterEach(() => world.end())

async function occupiedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  world.later(async () => void server.close())
  return (server.address() as AddressInfo).port
}

describe.skipIf(!haproxyHere)('HAProxy and its control plane', () => {
  test('HAProxy outlives a control plane killed without warning, which adopts it and counts on', async () => {
    const settings = await world.haproxy()
    const one = await world.instance('one')
    const entry = new URL('./haproxy-traffic.ts', import.meta.url).pathname
    const program = `
      import { startHaproxyTraffic } from ${JSON.stringify(entry)}
      const log = { info() {}, error() {} }
      const traffic = await startHaproxyTraffic({ settings: ${JSON.stringify(settings)}, log })
      await traffic.apply(${JSON.stringify(routes('one', 3, [one.active]))})
      console.log('applied')
      setInterval(() => {}, 1000)`
    const flags = ['--conditions=@fairway/source', '--import', 'tsx', '--input-type=module', '-e', program]
    const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    const before = await processesOf(settings)
    child.kill('SIGKILL')
    await once(child, 'exit')

    const url = `http://127.0.0.1:${settings.listen.port}`
    for (let i = 0; i < 3; i += 1) expect((await get({ url, host: 'one.test' })).body).toBe('one')
    const traffic = await world.adopt(settings)

    expect(await processesOf(settings)).toMatchObject({
      master: before?.master,
      current: { pid: before?.current?.pid },
    })
    expect(await traffic.list()).toEqual([{ key: 'p/one', generation: 3 }])
    await until(async () => (await traffic.report('p/one'))?.totals.requests === 3)
  })

  test('an HAProxy that was killed is back within moments, with the instances it had', async () => {
    const settings = await world.haproxy()
    const [old, next] = [await world.instance('old'), await world.instance('next')]
    const traffic = await world.adopt(settings)
    await traffic.apply(routes('kill', 1, [old.active]))
    await traffic.apply(routes('kill', 2, [old.draining, next.active]))
    for (let i = 0; i < 5; i += 1) await get({ url: traffic.publicUrl(), host: 'kill.test' })
    await until(async () => (await traffic.report('p/kill'))?.totals.requests === 5)
    const before = await processesOf(settings)

    process.kill(before?.master ?? 0, 'SIGKILL')
    const url = traffic.publicUrl()
    await until(async () => {
      const seen = await processesOf(settings).catch(() => undefined)
      return seen !== undefined && seen.master !== before?.master && seen.current !== undefined
    }, 4_000)
    await until(
      async () => (await get({ url, host: 'kill.test' }).catch(() => undefined))?.body === 'next',
      2_000,
    )
    for (let i = 0; i < 10; i += 1) expect((await get({ url, host: 'kill.test' })).body).toBe('next')
    await until(async () => ((await traffic.report('p/kill'))?.totals.requests ?? 0) >= 16)
  })

  test('a worker that was killed takes HAProxy down, and both are started again', async () => {
    const settings = await world.haproxy()
    const one = await world.instance('one')
    const traffic = await world.adopt(settings)
    await traffic.apply(routes('worker', 1, [one.active]))

    process.kill((await processesOf(settings))?.current?.pid ?? 0, 'SIGKILL')
    await until(
      async () =>
        (await get({ url: traffic.publicUrl(), host: 'worker.test' }).catch(() => undefined))?.body === 'one',
      5_000,
    )
  })

  test('no request fails and no WebSocket is lost in twenty reloads under load', async () => {
    const settings = await world.haproxy()
    const one = await world.instance('one')
    const traffic = await world.adopt(settings)
    await traffic.apply(routes('steady', 1, [one.active]))
    const url = traffic.publicUrl()
    const sockets = await Promise.all(Array.from({ length: 20 }, () => openSocket(url, 'steady.test')))
    world.later(async () => {
      for (const socket of sockets) socket.terminate()
    })
    const worker = (await processesOf(settings))?.current?.pid
    const load = startLoad(url, 'steady.test')

    for (let i = 0; i < 20; i += 1) await traffic.apply(routes(`other-${i}`, 1, []))
    const { bad, requests } = await load.stop()

    expect(bad).toEqual([])
    expect(requests).toBeGreaterThan(500)
    expect((await processesOf(settings))?.current?.pid).not.toBe(worker)
    expect(await Promise.all(sockets.map((socket) => echoes(socket, 'still here')))).not.toContain(false)
    expect((await traffic.report('p/steady'))?.backends).toMatchObject([{ id: 'one', openWebSockets: 20 }])
    // HAProxy drops a line rather than wait when its threads collide; see request-log.ts.
    await until(async () => ((await traffic.report('p/steady'))?.totals.requests ?? 0) >= requests * 0.97)
    expect((await traffic.report('p/steady'))?.totals).toMatchObject({ failures: 0 })
  })

  test('WebSockets in the worker before a reload are drained and cut like those after it', async () => {
    const settings = await world.haproxy()
    const [old, next] = [await world.instance('old'), await world.instance('next')]
    const traffic = await world.adopt(settings)
    await traffic.apply(routes('cut', 1, [old.active]))
    const socket = await openSocket(traffic.publicUrl(), 'cut.test')
    const closed = once(socket, 'close')
    await traffic.apply(routes('reloads', 1, []))

    await traffic.apply(routes('cut', 2, [old.draining, next.active], { drainBudgetMs: 300 }))
    expect((await traffic.report('p/cut'))?.backends[0]).toMatchObject({
      state: 'draining',
      openWebSockets: 1,
    })
    await closed

    await until(async () => (await traffic.report('p/cut'))?.backends[0]?.state === 'drained')
    expect((await traffic.report('p/cut'))?.backends[0]).toMatchObject({ id: 'old', cut: 1 })
  })

  test('a configuration that HAProxy refuses leaves the old one serving, and says why', async () => {
    const settings = await world.haproxy({ tcpPorts: { from: 1, to: 2 } })
    const one = await world.instance('one')
    const traffic = await world.adopt(settings)
    await traffic.apply(routes('good', 1, [one.active]))
    const bad = { tcp: [{ name: 'db', listenPort: await occupiedPort(), backends: [one.active] }] }

    await expect(traffic.apply(routes('bad', 1, [], bad))).rejects.toMatchObject({
      code: 'traffic_failed',
      detail: expect.stringMatching(/bind|Address already in use/i),
    })

    expect((await get({ url: traffic.publicUrl(), host: 'good.test' })).body).toBe('one')
    expect(await traffic.list()).toEqual([{ key: 'p/good', generation: 1 }])
    await traffic.apply(routes('after', 1, [one.active]))
    expect((await get({ url: traffic.publicUrl(), host: 'after.test' })).body).toBe('one')
  })

  test('a change among others that HAProxy refuses does not hold the others up', async () => {
    const settings = await world.haproxy()
    const one = await world.instance('one')
    const traffic = await world.adopt(settings)
    const port = await occupiedPort()
    const bad = routes('bad', 1, [], { tcp: [{ name: 'db', listenPort: port, backends: [] }] })

    const outcomes = await Promise.allSettled([
      traffic.apply(routes('a', 1, [one.active])),
      traffic.apply(bad),
      traffic.apply(routes('b', 1, [one.active])),
    ])

    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    for (const host of ['a.test', 'b.test'])
      expect((await get({ url: traffic.publicUrl(), host })).body).toBe('one')
  })

  test('a damaged state file is said, and nothing is overwritten', async () => {
    const settings = await world.haproxy()
    await writeFile(join(settings.stateFolder, 'state.json'), '{"services":')

    await expect(startHaproxyTraffic({ settings, log })).rejects.toMatchObject({ code: 'traffic_failed' })
    expect(await readFile(join(settings.stateFolder, 'state.json'), 'utf8')).toBe('{"services":')
  })

  test('a port that is taken is said at once, with the reason in the detail', async () => {
    const settings = await world.haproxy({ listen: { host: '127.0.0.1', port: await occupiedPort() } })
    await expect(startHaproxyTraffic({ settings, log })).rejects.toMatchObject({
      code: 'traffic_failed',
      detail: expect.stringContaining('Address already in use'),
    })
  })

  test('a program that is not there is said in one sentence', async () => {
    const settings = await world.haproxy({ program: '/nowhere/haproxy' })
    await expect(startHaproxyTraffic({ settings, log })).rejects.toMatchObject({
      message: 'HAProxy is not installed; install it.',
    })
  })
})
