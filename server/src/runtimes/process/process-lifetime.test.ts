import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { until } from '../../lib/test-until.ts'
import type { Runtime } from '../../reconcile/runtime-port.ts'
import { machineName } from './instance-folder.ts'
import { isAlive } from './proc.ts'
import { createProcessRuntime } from './process-runtime.ts'
import { withRuntime } from './process-test-world.ts'

const FOREVER = 'setInterval(() => {}, 1000)'
const SERVER = `require('node:http').createServer((q, s) => s.end()).listen(process.env.PORT, () => console.log(process.pid)); ${FOREVER}`
const LEAVES_A_CHILD = `const c = require('node:child_process').spawn('sleep', ['60'], { stdio: 'ignore', detached: true }); console.log(c.pid); c.unref()`
const web = { ports: [{ name: 'web', internalPort: 3000 }] }

const texts = async (runtime: Runtime, id: string): Promise<string[]> => {
  const all: string[] = []
  for await (const { text } of runtime.logs(id, {})) all.push(text)
  return all
}

const firstLine = (runtime: Runtime, id: string): Promise<string> =>
  until('a line', async () => (await texts(runtime, id))[0])

const exited = (runtime: Runtime, id: string) =>
  until('the exit', async () => {
    const seen = await runtime.observe(id)
    return seen?.state === 'exited' && seen
  })

describe('the life of a process instance', () => {
  test('when its shim is killed, the program ends too and the exit is reported and kept', () =>
    withRuntime(async ({ runtime, program }) => {
      const reported: string[] = []
      runtime.watch((id) => reported.push(id))
      const { pid } = await runtime.start(program('one', SERVER, web))
      const inner = Number(await firstLine(runtime, 'one'))
      process.kill(pid!, 'SIGKILL')
      await until('the report', async () => reported.includes('one'), 5000)
      expect(isAlive(inner)).toBe(false)
      expect(await runtime.observe('one')).toMatchObject({
        state: 'exited',
        signal: 'SIGKILL',
        exitedAt: expect.any(Date),
      })
    }))

  test('when its shim was killed while nobody watched, the program is ended as soon as somebody looks', () =>
    withRuntime(async ({ runtime, reopen, program }) => {
      const { pid } = await runtime.start(program('one', SERVER, web))
      const inner = Number(await firstLine(runtime, 'one'))
      await runtime.close()
      process.kill(pid!, 'SIGKILL')
      const again = await reopen()
      await until('the shim to end', async () => !isAlive(pid!))
      expect(await again.list()).toMatchObject([{ state: 'exited', signal: 'SIGKILL' }])
      expect(isAlive(inner)).toBe(false)
      await again.close()
    }))

  test.each([true, false])(
    'a child that left the session ends with its instance (control groups: %s)',
    (limits) =>
      withRuntime(async ({ program, root }) => {
        const cgroups = limits ? undefined : ({ version: 0, reason: 'a test' } as const)
        const runtime = await createProcessRuntime({ root, ...(cgroups && { cgroups }) })
        await runtime.start(program('one', LEAVES_A_CHILD))
        const child = Number(await firstLine(runtime, 'one'))
        await exited(runtime, 'one')
        expect(isAlive(child)).toBe(false)
        await runtime.start(program('two', `${LEAVES_A_CHILD}; ${FOREVER}`))
        const second = Number(await firstLine(runtime, 'two'))
        await runtime.stop('two', 1000)
        expect(isAlive(second)).toBe(false)
        await runtime.close()
      }),
  )

  test('many first starts of one id at once start it once, with the port that is recorded', () =>
    withRuntime(async ({ runtime, program }) => {
      const spec = program('one', `console.log(process.env.PORT); ${FOREVER}`, web)
      const seen = await Promise.all(Array.from({ length: 5 }, () => runtime.start(spec)))
      expect(new Set(seen.map(({ addresses }) => addresses.web!.port)).size).toBe(1)
      expect(await firstLine(runtime, 'one')).toBe(String(seen[0]!.addresses.web!.port))
    }))

  test('a refused start leaves nothing behind and can be repeated', () =>
    withRuntime(async ({ runtime, program, root, bundle }) => {
      const { command: _, ...unknown } = program('one', '', {
        ...web,
        files: [{ path: '/k', contentBase64: 'c2VjcmV0' }],
      })
      await expect(runtime.start(unknown)).rejects.toMatchObject({ code: 'runtime_failed' })
      const evil = program('two', '', { files: [{ path: '/../x', contentBase64: '' }] })
      await expect(runtime.start(evil)).rejects.toMatchObject({ code: 'invalid_path' })
      expect(readdirSync(root).filter((name) => !name.startsWith('.co') && name !== '.exits')).toEqual([])
      const groups = ['cpu/fairway', 'memory/fairway', 'fairway'].map((name) =>
        join('/sys/fs/cgroup', name, machineName(root, 'one')),
      )
      expect(groups.filter((group) => existsSync(group))).toEqual([])
      writeFileSync(join(bundle, 'fairway-bundle.json'), JSON.stringify({ processes: { web: 'sleep 60' } }))
      expect(await runtime.start(unknown)).toMatchObject({ state: 'running' })
    }))

  test('a folder that a crash left half made is no instance and goes', () =>
    withRuntime(async ({ root, reopen }) => {
      mkdirSync(join(root, '.new-4000000-one'))
      const again = await reopen()
      expect(existsSync(join(root, '.new-4000000-one'))).toBe(false)
      await again.close()
    }))

  test('the last lines are kept when the log collector is dead as the instance ends', () =>
    withRuntime(async ({ runtime, reopen, program, root }) => {
      const source = `console.log('first'); process.on('SIGTERM', () => { console.log('last'); process.exit() }); ${FOREVER}`
      await runtime.start(program('one', source))
      await firstLine(runtime, 'one')
      await runtime.close()
      const collector = Number(readFileSync(join(root, '.collector'), 'utf8'))
      process.kill(collector, 'SIGKILL')
      await until('the collector to end', async () => !isAlive(collector))
      await runtime.stop('one', 2000)
      const again = await reopen()
      await until('the last line', async () => (await texts(again, 'one')).includes('last'))
      await again.close()
    }))

  test('the ports that its processes listen on are told', () =>
    withRuntime(async ({ runtime, program }) => {
      const { addresses } = await runtime.start(program('one', SERVER, web))
      await firstLine(runtime, 'one')
      expect(await runtime.listeningPorts?.('one')).toEqual([addresses.web!.port])
      expect(await runtime.listeningPorts?.('unknown')).toEqual([])
    }))
})
