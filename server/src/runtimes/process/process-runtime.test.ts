import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { until } from '../../lib/test-until.ts'
import { runtimeContract } from '../runtime-contract.ts'
import { terminalContract } from '../terminal-contract.ts'
import { withRuntime } from './process-test-world.ts'

describe('the process runtime', () => {
  runtimeContract(withRuntime)
  terminalContract(withRuntime)

  test('a process of the bundle is run by its name, and an unknown one is refused with those there are', () =>
    withRuntime(async ({ runtime, program }) => {
      const { command: _, ...spec } = program('one', '')
      if (spec.artifact.kind !== 'bundle') throw new Error('a bundle')
      writeFileSync(
        join(spec.artifact.path, 'fairway-bundle.json'),
        JSON.stringify({ processes: { web: `node -e "console.log('from the Procfile')"` } }),
      )
      await runtime.start(spec)
      await until('its output', async () => {
        for await (const { text } of runtime.logs('one', {})) if (text === 'from the Procfile') return true
        return false
      })
      await expect(runtime.start({ ...spec, id: 'two', processType: 'worker' })).rejects.toThrow(
        /it has: web/,
      )
    }))

  test('a flood of output keeps the log within its bound', () =>
    withRuntime(async ({ runtime, program }) => {
      const { statSync, readdirSync } = await import('node:fs')
      const source = `const s = 'x'.repeat(999) + '\\n'; let n = 0; (function go() { while (n++ < 60000) if (!process.stdout.write(s)) return process.stdout.once('drain', go) })()`
      const spec = program('loud', source)
      await runtime.start(spec)
      await until('the end', async () => (await runtime.observe('loud'))?.state === 'exited', 30_000)
      if (spec.artifact.kind !== 'bundle') throw new Error('a bundle')
      const folder = join(spec.artifact.path, 'instances', 'loud')
      const bytes = readdirSync(folder).reduce(
        (sum, name) => sum + (name.startsWith('log') ? statSync(join(folder, name)).size : 0),
        0,
      )
      expect(bytes).toBeGreaterThan(1_000_000)
      expect(bytes).toBeLessThan(17_000_000)
    }))

  test('a memory limit ends a program that exceeds it, where limits are enforced', () =>
    withRuntime(async ({ runtime, program }) => {
      const { memoryLimits, remark } = runtime.capabilities()
      if (!memoryLimits) {
        expect(remark).toMatch(/not enforced/)
        return
      }
      await runtime.start(
        program('big', 'const a = []; for (;;) a.push(Buffer.alloc(1e7, 1))', { limits: { memoryMb: 128 } }),
      )
      const seen = await until('the end', async () => {
        const now = await runtime.observe('big')
        return now?.state === 'exited' && now
      })
      expect(seen.signal).toBe('OOM')
    }))
})
