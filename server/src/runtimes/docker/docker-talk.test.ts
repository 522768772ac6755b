import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { dockerHere } from '../../lib/docker/test-engine.ts'
import type { ExecEvent, LogLine, Runtime } from '../../reconcile/runtime-port.ts'
import { liveProcesses } from '../process/proc.ts'
import { exited, line, run, withRuntime } from './docker-test-world.ts'

/** Of a process of any container: the host sees them all. */
const isSleeper = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === 'sleep\u00004321.5\0'
  } catch {
    return false // It ended while we looked.
  }
}

const FOREVER = 'setInterval(() => {}, 1000)'

async function* bytes(...texts: string[]): AsyncIterable<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

describe.skipIf(!dockerHere)('a command in a container', () => {
  test('reads what it is given, as much as it may be, and sees its end', () =>
    withRuntime(async ({ runtime, program }) => {
      await runtime.start(program('one', FOREVER))
      const much = 'x'.repeat(999_999)
      const { stdout, exit } = await run(runtime, 'one', {
        command: ['wc', '-c'],
        stdin: bytes(much, much, '\n'),
      })
      expect([stdout.trim(), exit?.exitCode]).toEqual(['1999999', 0])
    }))

  test('has a terminal of the size it is given, and of each later size', () =>
    withRuntime(async ({ runtime, program }) => {
      await runtime.start(program('one', FOREVER))
      async function* sizes() {
        await pause(300)
        yield { columns: 132, rows: 43 }
      }
      const watching = `const say = () => console.log(process.stdout.isTTY, process.stdout.columns, process.stdout.rows); process.stdout.on('resize', () => { say(); if (process.stdout.columns === 132) process.exit(0) }); say()`
      const { stdout, exit } = await run(runtime, 'one', {
        command: ['node', '-e', `${watching}; ${FOREVER}`],
        stdin: bytes(),
        tty: { columns: 100, rows: 30 },
        resizes: sizes(),
        env: { NO_COLOR: '1' },
        timeoutMs: 10_000,
      })
      expect(stdout).toContain('true 100 30')
      expect(stdout).toContain('true 132 43')
      expect(exit).toEqual({ type: 'exit', exitCode: 0 })
    }))

  const DEEP = `require('node:child_process').spawn('setsid', ['sleep', '4321.5'], { stdio: 'inherit' }); console.log('up'); ${FOREVER}`
  const sleeping = () => liveProcesses().filter(({ pid }) => isSleeper(pid)).length

  test.each(['timeout', 'abort', 'break'] as const)('is really ended, with all it started, by: %s', (how) =>
    withRuntime(async ({ runtime, program }) => {
      await runtime.start(program('one', FOREVER))
      const events = await endedBy(how, runtime)
      expect(sleeping()).toBe(0)
      if (how !== 'break') expect(events.at(-1)).toMatchObject({ type: 'exit', signal: 'SIGKILL' })
      expect(await runtime.observe('one')).toMatchObject({ state: 'running' })
    }),
  )

  async function endedBy(how: 'timeout' | 'abort' | 'break', runtime: Runtime): Promise<ExecEvent[]> {
    const stop = new AbortController()
    const events: ExecEvent[] = []
    const limit = how === 'timeout' ? { timeoutMs: 1500 } : {}
    const request = { command: ['node', '-e', DEEP], signal: stop.signal, ...limit }
    for await (const event of runtime.exec('one', request)) {
      events.push(event)
      if (event.type !== 'stdout') continue
      await expect.poll(sleeping, { timeout: 5000 }).toBe(1)
      if (how === 'abort') stop.abort()
      if (how === 'break') break
    }
    return events
  }

  test('needs a running instance, and a program that is there', () =>
    withRuntime(async ({ runtime, program }) => {
      await runtime.start(program('one', FOREVER))
      await expect(run(runtime, 'one', { command: ['no-such-program'] })).rejects.toMatchObject({
        code: 'runtime_failed',
        message: expect.stringContaining('"no-such-program" cannot be run'),
      })
      await runtime.stop('one', 0)
      await expect(run(runtime, 'one', { command: ['true'] })).rejects.toMatchObject({
        code: 'invalid_state',
      })
      await expect(run(runtime, 'none', { command: ['true'] })).rejects.toMatchObject({
        code: 'invalid_state',
      })
    }))
})

describe.skipIf(!dockerHere)('the log of a container', () => {
  const read = async (source: AsyncIterable<LogLine>): Promise<string[]> => {
    const all: string[] = []
    for await (const { text } of source) all.push(text)
    return all
  }

  test('keeps long lines whole; following from the last lines misses none and repeats none', () =>
    withRuntime(async ({ runtime, program }) => {
      const source = `console.log('first'); console.log('a'.repeat(100000)); let n = 0; const t = setInterval(() => { console.log('n' + n++); if (n === 40) clearInterval(t) }, 20)`
      await runtime.start(program('one', source))
      await line(runtime, 'one', (text) => text === 'n5')
      const followed = await read(runtime.logs('one', { follow: true, tail: 3 }))
      const all = await read(runtime.logs('one', {}))
      expect(all.slice(0, 2)).toEqual(['first', 'a'.repeat(100_000)])
      expect(all.slice(2)).toEqual(Array.from({ length: 40 }, (_, n) => `n${n}`))
      expect(followed).toEqual(all.slice(all.length - followed.length))
      expect(await read(runtime.logs('one', { tail: 41 }))).toEqual(all.slice(1))
    }))

  test('begins where it is asked to, and following it ends with the reader', () =>
    withRuntime(async ({ runtime, program }) => {
      await runtime.start(
        program('one', `console.log('early'); setTimeout(() => console.log('late'), 500); ${FOREVER}`),
      )
      await line(runtime, 'one', (text) => text === 'late')
      const lines: LogLine[] = []
      for await (const one of runtime.logs('one', {})) lines.push(one)
      expect(await read(runtime.logs('one', { since: lines[1]!.at }))).toEqual(['late'])
      const stop = new AbortController()
      const seen: string[] = []
      for await (const { text } of runtime.logs('one', { follow: true, signal: stop.signal })) {
        seen.push(text)
        if (text === 'late') stop.abort()
      }
      expect(seen).toEqual(['early', 'late'])
      expect(await read(runtime.logs('one', { follow: true, signal: stop.signal }))).toEqual([])
      expect(await read(runtime.logs('none', { follow: true }))).toEqual([])
    }))

  test(
    'is read no faster than it is taken, and is bounded',
    () =>
      withRuntime(async ({ runtime, program }) => {
        const source = `const s = 'x'.repeat(999) + '\\n'; let n = 0; (function go() { while (n++ < 40000) if (!process.stdout.write(s)) return process.stdout.once('drain', go) })()`
        await runtime.start(program('one', source))
        await exited(runtime, 'one')
        let taken = 0
        const before = process.memoryUsage().rss
        for await (const { text } of runtime.logs('one', { follow: true })) {
          taken += text.length
          if (taken === 999) await pause(300)
          if (taken === 999) expect(process.memoryUsage().rss - before).toBeLessThan(15e6)
        }
        expect(taken).toBeGreaterThan(10e6)
        expect(taken).toBeLessThan(25e6)
      }),
    60_000,
  )
})
