import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { FairwayError } from '@fairway/contract/errors'
import { expect, test } from 'vitest'
import { until } from '../lib/test-until.ts'
import type {
  ExecEvent,
  InstanceSpec,
  LogLine,
  ObservedInstance,
  Runtime,
} from '../reconcile/runtime-port.ts'

/** What a test of an adapter provides: how to run a small Node program under it. */
export type RuntimeUnderTest = {
  runtime: Runtime
  /** A second Runtime on the same instances, as after a restart of Fairway. */
  reopen(): Promise<Runtime>
  /** A spec that runs this JavaScript. */
  program(id: string, source: string, change?: Partial<InstanceSpec>): InstanceSpec
}

export type With = (work: (under: RuntimeUnderTest) => Promise<void>) => Promise<void>

const SERVER = `require('node:http').createServer((q, s) => s.end('hello')).listen(process.env.PORT)`
export const FOREVER = 'setInterval(() => {}, 1000)'

const exited = (runtime: Runtime, id: string): Promise<ObservedInstance> =>
  until(`${id} to exit`, async () => {
    const seen = await runtime.observe(id)
    return seen?.state === 'exited' && seen
  })

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of source) all.push(one)
  return all
}

export const outputOf = (events: readonly ExecEvent[], type: 'stdout' | 'stderr'): string =>
  events.map((event) => (event.type === type ? Buffer.from(event.chunk).toString() : '')).join('')

const answers = async ({ addresses }: ObservedInstance): Promise<boolean> => {
  const { host, port } = Object.values(addresses)[0]!
  try {
    return (await fetch(`http://${host}:${port}`)).ok
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}

const web = { ports: [{ name: 'web', internalPort: 3000 }] }

/** The guarantees every instance runtime gives. */
export function runtimeContract(withRuntime: With): void {
  test('starting the same id twice starts it once', () =>
    withRuntime(async ({ runtime, program }) => {
      const spec = program('one', FOREVER)
      const first = await runtime.start(spec)
      const [second, third] = await Promise.all([runtime.start(spec), runtime.start(spec)])
      expect(second.pid).toBe(first.pid)
      expect(third.pid).toBe(first.pid)
      expect(await runtime.list()).toHaveLength(1)
    }))

  test('many started at once all get their own address and answer', () =>
    withRuntime(async ({ runtime, program }) => {
      const specs = Array.from({ length: 8 }, (_, i) => program(`web-${i}`, SERVER, web))
      const seen = await Promise.all(specs.map((spec) => runtime.start(spec)))
      expect(new Set(seen.map(({ addresses: { web } }) => `${web!.host}:${web!.port}`)).size).toBe(8)
      for (const one of seen) await until('an answer', () => answers(one))
    }))

  test('what runs goes on without us, and is found again with its address', () =>
    withRuntime(async ({ runtime, reopen, program }) => {
      const before = await runtime.start(program('one', SERVER, web))
      await runtime.close()
      const again = await reopen()
      const after = await again.observe('one')
      expect(after).toMatchObject({ state: 'running', pid: before.pid, addresses: before.addresses })
      await until('an answer', () => answers(after!))
      await again.close()
    }))

  test('the exit code is known, also when nobody watched', () =>
    withRuntime(async ({ runtime, reopen, program }) => {
      await runtime.start(program('one', 'process.exit(7)'))
      await runtime.close()
      const again = await reopen()
      expect(await exited(again, 'one')).toMatchObject({ exitCode: 7 })
      await again.close()
    }))

  test('an exit is reported soon', () =>
    withRuntime(async ({ runtime, program }) => {
      const reported: string[] = []
      runtime.watch((id) => reported.push(id))
      await runtime.start(program('one', 'process.exit(0)'))
      await until('the report', async () => reported.includes('one'), 3000)
    }))

  test('stop asks first: a program that handles SIGTERM ends in its own way', () =>
    withRuntime(async ({ runtime, program }) => {
      const source = `process.on('SIGTERM', () => { console.log('bye'); process.exit(3) }); console.log('up'); ${FOREVER}`
      await runtime.start(program('one', source))
      await until('the program to be up', async () => (await texts(runtime, 'one')).includes('up'))
      expect(await runtime.stop('one', 5000)).toMatchObject({ state: 'exited', exitCode: 3 })
      await until('the last line', async () => (await texts(runtime, 'one')).includes('bye'))
    }))

  test('stop ends a program that ignores SIGTERM, with all its children, after the grace period', () =>
    withRuntime(async ({ runtime, program }) => {
      // Runtimes number processes in their own way; a word on its command line tells the child everywhere.
      const mark = `child-${randomUUID()}`
      const source = `process.on('SIGTERM', () => {}); require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(
        `process.on('SIGTERM', () => {}); console.log('up'); ${FOREVER}`,
      )}, '${mark}'], { stdio: 'inherit' }); ${FOREVER}`
      await runtime.start(program('one', source))
      await until('the child', async () => (await texts(runtime, 'one')).includes('up'))
      expect(commandLines().some((words) => words.at(-2) === mark)).toBe(true)
      const started = performance.now()
      const seen = await runtime.stop('one', 300)
      expect(performance.now() - started).toBeGreaterThan(250)
      expect(seen).toMatchObject({ state: 'exited', signal: 'SIGKILL' })
      expect(commandLines().some((words) => words.at(-2) === mark)).toBe(false)
    }))

  test('no variable shows in any command line', () =>
    withRuntime(async ({ runtime, program }) => {
      await runtime.start(program('one', FOREVER, { env: { TOKEN: 'planted-secret-value' } }))
      expect(commandLines().flat().join('\n')).not.toContain('planted-secret-value')
    }))

  test('secret files are there for the program, and a path that leaves the folder is refused', () =>
    withRuntime(async ({ runtime, program }) => {
      const files = [{ path: '/etc/app/key', contentBase64: Buffer.from('s3cret').toString('base64') }]
      const source = `console.log(require('node:fs').readFileSync(process.env.FAIRWAY_FILES_DIR + '/etc/app/key', 'utf8'))`
      await runtime.start(program('one', source, { files }))
      await until('the content', async () => (await texts(runtime, 'one')).includes('s3cret'))
      const evil = program('two', source, { files: [{ path: '/../../x', contentBase64: '' }] })
      await expect(runtime.start(evil)).rejects.toMatchObject({ code: 'invalid_path' })
    }))

  test('log lines come in order with their stream; tail and follow agree', () =>
    withRuntime(async ({ runtime, program }) => {
      const source = `for (let i = 0; i < 50; i++) console.log('line ' + i); console.error('oops'); setTimeout(() => console.log('end'), 400)`
      await runtime.start(program('one', source))
      const followed = await collect(runtime.logs('one', { follow: true }))
      const out = followed.filter(({ stream }) => stream === 'stdout').map(({ text }) => text)
      expect(out).toEqual([...Array.from({ length: 50 }, (_, i) => `line ${i}`), 'end'])
      expect(followed.find(({ stream }) => stream === 'stderr')?.text).toBe('oops')
      const tail = await collect(runtime.logs('one', { tail: 2 }))
      expect(tail.map(({ text }) => text)).toEqual(followed.slice(-2).map(({ text }) => text))
    }))

  test('a command runs beside the instance with its environment, and its exit code comes back', () =>
    withRuntime(async ({ runtime, program }) => {
      await runtime.start(program('one', FOREVER, { env: { COLOUR: 'teal' } }))
      const events = await collect(
        runtime.exec('one', { command: ['sh', '-c', 'echo $COLOUR; echo no >&2; exit 4'] }),
      )
      expect(outputOf(events, 'stdout')).toBe('teal\n')
      expect(outputOf(events, 'stderr')).toBe('no\n')
      expect(events.at(-1)).toMatchObject({ type: 'exit', exitCode: 4 })
    }))

  test('a command that never ends is ended by its timeout', () =>
    withRuntime(async ({ runtime, program }) => {
      await runtime.start(program('one', FOREVER))
      const events = await collect(runtime.exec('one', { command: ['sleep', '100'], timeoutMs: 200 }))
      expect(events.at(-1)).toMatchObject({ type: 'exit', signal: 'SIGKILL' })
    }))

  test('a command ends with the instance that it runs beside', () =>
    withRuntime(async ({ runtime, program }) => {
      await runtime.start(program('one', FOREVER))
      const types: string[] = []
      for await (const { type } of runtime.exec('one', { command: ['sh', '-c', 'echo up; sleep 100'] })) {
        types.push(type)
        if (type === 'stdout') await runtime.stop('one', 0)
      }
      expect(types.at(-1)).toBe('exit')
    }))

  test('a command that begins while its instance ends ends too, or is refused', () =>
    withRuntime(async ({ runtime, program }) => {
      await runtime.start(program('one', FOREVER))
      const command = collect(runtime.exec('one', { command: ['sleep', '100'] })).then(
        (events) => events.at(-1)?.type,
        (error: unknown) => (error as FairwayError).code,
      )
      await runtime.stop('one', 0)
      expect(['exit', 'invalid_state']).toContain(await command)
    }))

  test('a busy program shows in its processor time, every program in its memory', () =>
    withRuntime(async ({ runtime, program }) => {
      await runtime.start(program('one', 'const held = Buffer.alloc(3e7, 1); for (;;) held[0]++'))
      await runtime.stats('one')
      const busy = await until('some load', async () => {
        const stats = await runtime.stats('one')
        return stats !== undefined && stats.cpuMillis > 100 && stats.memoryBytes > 3e7 && stats
      })
      expect(busy.processes).toBeGreaterThan(0)
    }))

  test('a removed instance is forgotten; a running one cannot be removed', () =>
    withRuntime(async ({ runtime, program }) => {
      await runtime.start(program('one', FOREVER))
      await expect(runtime.remove('one')).rejects.toMatchObject({ code: 'invalid_state' })
      await runtime.stop('one', 100)
      await runtime.remove('one')
      expect(await runtime.list()).toEqual([])
    }))
}

async function texts(runtime: Runtime, id: string): Promise<string[]> {
  const lines: LogLine[] = await collect(runtime.logs(id, {}))
  return lines.map(({ text }) => text)
}

/** The words of every command line on this machine. One that has ended has none, also while its parent has not noticed. */
export function commandLines(): string[][] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      } catch {
        return [] // It ended while we looked.
      }
    })
}
