import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { until } from '../lib/test-until.ts'
import type { ExecEvent, TerminalSize } from '../reconcile/runtime-port.ts'
import { collect, commandLines, FOREVER, outputOf, type With } from './runtime-contract.ts'

/** The guarantees every instance runtime gives of commands on a terminal. */
export function terminalContract(withRuntime: With): void {
  test('a terminal has the size asked for, follows later sizes, and takes what is typed and control-C', () =>
    withRuntime(async ({ runtime, program }) => {
      await runtime.start(program('one', FOREVER, { env: { COLOUR: 'teal' } }))
      const typed = queue<Uint8Array>()
      const sizes = queue<TerminalSize>()
      const events = runtime.exec('one', {
        command: ['sh'],
        stdin: typed,
        tty: { columns: 91, rows: 31 },
        resizes: sizes,
      })
      const screen = readScreen(events)
      const type = (text: string): void => typed.push(Buffer.from(text))
      type('stty size; echo it is $COLOUR\n')
      await until(
        'the first size',
        async () => /31 91\r\n/.test(screen.text()) && /is teal\r\n/.test(screen.text()),
      )
      sizes.push({ columns: 120, rows: 40 })
      await until('the later size', async () => {
        type('stty size\n')
        return screen.text().includes('40 120\r\n')
      })
      type('echo be""fore; sleep 1000\n')
      await until('the sleep', async () => screen.text().includes('before\r\n'))
      await until('control-C to end it', async () => {
        type('\u0003')
        type('echo aft""er\n')
        return screen.text().includes('after\r\n')
      })
      type('exit 5\n')
      expect(await screen.exit).toMatchObject({ type: 'exit', exitCode: 5 })
    }))

  test('what runs on a terminal ends when its reader leaves, with all it started', () =>
    withRuntime(async ({ runtime, program }) => {
      await runtime.start(program('one', FOREVER))
      const mark = `sleep-${randomUUID()}`
      const command = ['sh', '-c', `sh -c 'sleep 1000; true' ${mark} & echo up; sleep 1000; true`]
      const leave = new AbortController()
      const tty = { columns: 80, rows: 24 }
      const screen = readScreen(runtime.exec('one', { command, tty, signal: leave.signal }))
      await until('the child', async () => commandLines().some((words) => words.includes(mark)))
      leave.abort()
      await screen.exit
      await until('its end', async () => !commandLines().some((words) => words.includes(mark)))
    }))

  test('what runs on a terminal ends with its instance', () =>
    withRuntime(async ({ runtime, program }) => {
      await runtime.start(program('one', FOREVER))
      const mark = `sleep-${randomUUID()}`
      const command = ['sh', '-c', 'sleep 1000; true', mark]
      const screen = readScreen(runtime.exec('one', { command, tty: { columns: 80, rows: 24 } }))
      await until('it to run', async () => commandLines().some((words) => words.includes(mark)))
      await runtime.stop('one', 0)
      await screen.exit
      expect(commandLines().some((words) => words.includes(mark))).toBe(false)
    }))

  test('a terminal for a program that is not there is refused in words', () =>
    withRuntime(async ({ runtime, program }) => {
      await runtime.start(program('one', FOREVER))
      const request = { command: ['no-such-program'], tty: { columns: 80, rows: 24 } }
      await expect(collect(runtime.exec('one', request))).rejects.toMatchObject({ code: 'runtime_failed' })
    }))
}

/** Values for one reader, in their order, as they are pushed. Never ends. */
function queue<T>(): AsyncIterable<T> & { push(value: T): void } {
  const values: T[] = []
  let wake = (): void => undefined
  return {
    push(value) {
      values.push(value)
      wake()
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        yield* values.splice(0)
        if (values.length > 0) continue
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}

function readScreen(events: AsyncIterable<ExecEvent>): {
  text(): string
  exit: Promise<ExecEvent | undefined>
} {
  const seen: ExecEvent[] = []
  const read = async (): Promise<ExecEvent | undefined> => {
    for await (const event of events) seen.push(event)
    return seen.at(-1)
  }
  return { text: () => outputOf(seen, 'stdout'), exit: read() }
}
