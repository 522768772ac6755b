import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { until } from '../../lib/test-until.ts'
import type { Runtime } from '../../reconcile/runtime-port.ts'
import { withRuntime } from './process-test-world.ts'

const FOREVER = 'setInterval(() => {}, 1000)'

const texts = async (runtime: Runtime, id: string): Promise<string[]> => {
  const all: string[] = []
  for await (const { text } of runtime.logs(id, {})) all.push(text)
  return all
}

const firstLine = (runtime: Runtime, id: string): Promise<string> =>
  until('a line', async () => (await texts(runtime, id))[0])

const writeBundle = (folder: string, web: string): void =>
  writeFileSync(join(folder, 'fairway-bundle.json'), JSON.stringify({ processes: { web } }))

describe('the process runtime at its edges', () => {
  test('two data folders with an instance of the same id leave each other alone', () =>
    withRuntime((one) =>
      withRuntime(async (other) => {
        await one.runtime.start(one.program('same', FOREVER))
        await other.runtime.start(other.program('same', FOREVER))
        await one.runtime.stop('same', 0)
        expect(await other.runtime.observe('same')).toMatchObject({ state: 'running' })
      }),
    ))

  test('a variable that no process can have is refused by its name, never with its value', () =>
    withRuntime(async ({ runtime, program, root }) => {
      for (const env of [{ TOKEN: 'planted\0value' }, { 'TOKEN\0x': 'planted' }, { 'TOKEN=x': 'planted' }]) {
        const error = await runtime
          .start(program('nul', FOREVER, { env: env as Record<string, string> }))
          .catch((e) => e)
        expect(error).toMatchObject({ code: 'invalid_request', message: expect.stringContaining('TOKEN') })
        expect(JSON.stringify([error.message, error.detail, error.stack])).not.toContain('planted')
      }
      expect(readdirSync(root).filter((name) => !name.startsWith('.'))).toEqual([])
    }))

  test('variables with names that shells cannot use reach the program, also by a Procfile line', () =>
    withRuntime(async ({ runtime, program, bundle }) => {
      const env = { 'a.b': '1', 'x-y': 'two words', OK: '3' }
      const source = `console.log([process.env['a.b'], process.env['x-y'], process.env.OK].join())`
      await runtime.start(program('odd', source, { env }))
      expect(await firstLine(runtime, 'odd')).toBe('1,two words,3')
      writeBundle(bundle, `node -e "${source}"`)
      const { command: _, ...spec } = program('line', '', { env })
      await runtime.start(spec)
      expect(await firstLine(runtime, 'line')).toBe('1,two words,3')
    }))

  test('a Procfile line may set variables, change the folder or chain commands', () =>
    withRuntime(async ({ runtime, program, bundle }) => {
      const print = `node -p '[process.env.A, process.cwd()].join()'`
      const lines = [`A=1 ${print}`, `cd / && ${print}`, `exec ${print}`, print]
      const seen: string[] = []
      for (const [n, line] of lines.entries()) {
        writeBundle(bundle, line)
        const { command: _, ...spec } = program(`p${n}`, '')
        await runtime.start(spec)
        seen.push(await firstLine(runtime, `p${n}`))
      }
      expect(seen).toEqual([`1,${bundle}`, ',/', `,${bundle}`, `,${bundle}`])
    }))

  test('programs start with no signal ignored', () =>
    withRuntime(async ({ runtime, program }) => {
      await runtime.start(program('sig', '', { command: ['grep', 'SigIgn', '/proc/self/status'] }))
      expect(await firstLine(runtime, 'sig')).toMatch(/SigIgn:\s*0+$/)
    }))
})
