import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DEFAULT_ENGINE_SOCKET } from '../../lib/docker/engine-socket.ts'
import { dockerHere } from '../../lib/docker/test-engine.ts'
import { startLife } from '../../lib/test-life.ts'
import { containerOptions } from './container-options.ts'
import type { CrashOrders } from './crash-program.ts'
import { createDockerRuntime, dockerRuntimeCrashPoints } from './docker-runtime.ts'
import { exited, inspected, line, TEST_IMAGE, withRuntime } from './docker-test-world.ts'

const FOREVER = 'setInterval(() => {}, 1000)'

/** A way to the engine that can be cut, as a restart of the engine cuts it. */
async function cuttableWay() {
  const folder = mkdtempSync(join(tmpdir(), 'fairway-engine-'))
  const path = join(folder, 'engine.sock')
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    const behind = connect(DEFAULT_ENGINE_SOCKET)
    for (const end of [socket, behind]) {
      open.add(end)
      end.on('error', () => end.destroy())
    }
    socket.pipe(behind).pipe(socket)
    socket.on('close', () => behind.destroy())
    behind.on('close', () => socket.destroy())
  })
  const mend = () => new Promise<void>((resolve) => server.listen(path, resolve))
  await mend()
  const cut = async () => {
    server.close()
    for (const end of open) end.destroy()
    open.clear()
    if (server.listening) await once(server, 'close')
  }
  return { path, mend, cut, end: () => cut().then(() => rmSync(folder, { recursive: true, force: true })) }
}

async function crash(orders: CrashOrders): Promise<string | null> {
  return await startLife('crash-program.ts', import.meta.url, [JSON.stringify(orders)]).over
}

describe.skipIf(!dockerHere)('the life of a container', () => {
  test.each(dockerRuntimeCrashPoints)(
    'an end of Fairway at %s neither loses nor doubles the instance',
    (point) =>
      withRuntime(async ({ runtime, program, installation, secretsFolder }) => {
        const files = [{ path: '/etc/key', contentBase64: Buffer.from('k').toString('base64') }]
        const ports = [{ name: 'web', internalPort: 3000 }]
        const spec = program(
          'one',
          `console.log(require('node:fs').readFileSync('/etc/key', 'utf8')); ${FOREVER}`,
          { files, ports },
        )
        expect(await crash({ installation, secretsFolder, point, spec })).toBe('SIGKILL')
        const seen = await runtime.start(spec)
        // Stopped at once, it may not have come to write.
        if (seen.state === 'running') expect(await line(runtime, 'one')).toBe('k')
        expect(seen.state).toBe(point === 'runtime.after-stop' ? 'exited' : 'running')
        expect(await runtime.list()).toHaveLength(1)
        await runtime.stop('one', 0)
        await runtime.remove('one')
        expect(await runtime.list()).toEqual([])
        expect(readdirSync(secretsFolder)).toEqual([])
      }),
    30_000,
  )

  test(
    'what ends while the engine cannot be asked is reported once it can',
    () =>
      withRuntime(async ({ runtime, program, engine, installation, secretsFolder }) => {
        const way = await cuttableWay()
        const cutOff = await createDockerRuntime({ installation, secretsFolder, socketPath: way.path })
        try {
          const reported: string[] = []
          cutOff.watch((id) => reported.push(id))
          for (const id of ['one', 'two']) await runtime.start(program(id, FOREVER))
          const { Id } = await inspected(engine, installation, 'one')
          await way.cut()
          await expect(cutOff.observe('one')).rejects.toThrow()
          await engine.getContainer(Id).kill()
          await exited(runtime, 'one')
          await way.mend()
          await expect.poll(() => reported, { timeout: 8000 }).toEqual(['one'])
          await runtime.stop('two', 0)
          await expect.poll(() => reported, { timeout: 8000 }).toEqual(['one', 'two'])
        } finally {
          await cutOff.close()
          await way.end()
        }
      }),
    30_000,
  )

  test('what was killed from outside is told with its signal and its times', () =>
    withRuntime(async ({ runtime, program, engine, installation }) => {
      const reported: string[] = []
      runtime.watch((id) => reported.push(id))
      const { startedAt } = await runtime.start(program('one', FOREVER))
      const { Id } = await inspected(engine, installation, 'one')
      await engine.getContainer(Id).kill()
      const seen = await exited(runtime, 'one')
      expect(seen).toMatchObject({ exitCode: 137, signal: 'SIGKILL', startedAt })
      expect(seen.exitedAt!.getTime()).toBeGreaterThan(startedAt.getTime())
      await expect.poll(() => reported, { timeout: 3000 }).toEqual(['one'])
    }))

  test('is asked to end with the signal that its image names', () =>
    withRuntime(async ({ runtime, program, engine, installation }) => {
      const maker = await engine.createContainer({
        Image: TEST_IMAGE,
        StopSignal: 'SIGUSR2',
        Labels: { 'fairway.installation': installation },
      })
      const { Id } = (await maker.commit()) as { Id: string }
      try {
        const source = `process.on('SIGUSR2', () => process.exit(5)); console.log('up'); ${FOREVER}`
        await runtime.start(program('one', source, { artifact: { kind: 'image', reference: Id } }))
        await line(runtime, 'one')
        expect(await runtime.stop('one', 5000)).toMatchObject({ exitCode: 5 })
        await runtime.remove('one')
      } finally {
        await maker.remove()
        await engine.getImage(Id).remove({ force: true })
      }
    }))

  test('one that was made and never started is nothing yet; lost for ten minutes, it is listed as ended and can be removed', () =>
    withRuntime(async ({ runtime, program, engine, installation, secretsFolder }) => {
      const around = {
        installation,
        image: TEST_IMAGE,
        entrypoint: undefined,
        network: 'none',
        mounts: [],
        cpus: 1,
        limitsDisk: false,
      }
      await engine.createContainer({
        ...containerOptions(program('one', FOREVER), around),
        NetworkingConfig: {},
      })
      expect(await runtime.observe('one')).toBeUndefined()
      expect(await runtime.list()).toEqual([])
      const clock = { now: () => new Date(Date.now() + 11 * 60_000) }
      const later = await createDockerRuntime({ installation, secretsFolder, clock })
      expect(await later.list()).toMatchObject([{ id: 'one', state: 'exited' }])
      expect(await later.stop('one', 0)).toBeUndefined()
      await later.remove('one')
      await later.close()
      expect(await later.list()).toEqual([])
    }))

  test('two servers that start the same instance at once start it once', () =>
    withRuntime(async ({ runtime, reopen, program }) => {
      const other = await reopen()
      const files = [{ path: '/etc/key', contentBase64: Buffer.from('k').toString('base64') }]
      const read = `console.log(require('node:fs').readFileSync('/etc/key', 'utf8')); ${FOREVER}`
      for (const id of ['one', 'two', 'three']) {
        const spec = program(id, read, { files })
        const [here, there] = await Promise.all([runtime.start(spec), other.start(spec)])
        expect(there.pid).toBe(here.pid)
        expect(await line(runtime, id)).toBe('k')
      }
      expect(await runtime.list()).toHaveLength(3)
      await other.close()
    }))

  test('another Fairway on the same engine has instances of the same names, and neither sees the other', () =>
    withRuntime((first) =>
      withRuntime(async (second) => {
        await first.runtime.start(first.program('one', FOREVER))
        expect(await second.runtime.list()).toEqual([])
        expect(await second.runtime.observe('one')).toBeUndefined()
        await second.runtime.start(second.program('one', FOREVER))
        await first.runtime.stop('one', 0)
        await first.runtime.remove('one')
        expect(await second.runtime.observe('one')).toMatchObject({ state: 'running' })
      }),
    ))

  test('an engine that does not answer is said at the start', async () => {
    await expect(
      createDockerRuntime({ installation: 'none', socketPath: '/nowhere/docker.sock' }),
    ).rejects.toMatchObject({
      code: 'runtime_failed',
      message: expect.stringMatching(/No Docker Engine answers/),
    })
  })
})
