import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BuildLogLine, createBuildLogs } from './build-logs.ts'

const build = { projectId: 'shop', buildId: 'calm-sea-1234' }
const at = new Date('2030-01-02T03:04:05.678Z')
let root = ''
const fail = (error: unknown): never => {
  throw error
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fairway-logs-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const logs = () => createBuildLogs({ root, clock: { now: () => at } })

async function readAll(
  options: { tail?: number; follow?: boolean; isConcluded?: () => Promise<boolean> } = {},
) {
  const lines: BuildLogLine[] = []
  const signal = AbortSignal.timeout(10_000)
  const isConcluded = async () => true
  for await (const line of logs().read(build, { tail: 1e9, follow: false, signal, isConcluded, ...options }))
    lines.push(line)
  return lines
}
const texts = async (options: Parameters<typeof readAll>[0] = {}) =>
  (await readAll(options)).map(({ text }) => text)

describe('a build log', () => {
  it('gives back lines with their times, also after it was opened again', async () => {
    for (const text of ['one\ntwo', 'three ✓']) {
      const log = logs().open(build, fail)
      log.append(text)
      log.close()
    }
    expect(await readAll()).toEqual(['one', 'two', 'three ✓'].map((text) => ({ at, stream: 'stdout', text })))
    expect(await texts({ tail: 1 })).toEqual(['three ✓'])
    expect(await texts({ tail: 0 })).toEqual([])
  })

  it('is empty for a build that wrote nothing, and refuses names that are paths', async () => {
    expect(await texts()).toEqual([])
    expect(() => logs().open({ projectId: '..', buildId: 'x' }, fail)).toThrow('There is no build')
  })

  it('keeps the first MB and the last 4 MB of 100 MB, and says how much it cut', async () => {
    const log = logs().open(build, fail)
    const filler = 'x'.repeat(1000)
    for (let number = 0; number < 100_000; number += 1) log.append(`${number} ${filler}`)
    log.close()
    const lines = await texts()
    expect(lines[0]).toBe(`0 ${filler}`)
    expect(lines.at(-1)).toBe(`99999 ${filler}`)
    const cutAt = lines.findIndex((line) => line.includes('were left out'))
    expect(cutAt).toBeGreaterThan(900)
    const kept = lines.slice(cutAt + 1).map((line) => Number(line.split(' ')[0]))
    expect(kept.length).toBeGreaterThan(3900)
    expect(kept).toEqual(kept.map((_, index) => (kept[0] ?? 0) + index))
    const names = await readdir(join(root, 'shop'))
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(root, 'shop', name))).size))
    expect(sizes.reduce((a, b) => a + b)).toBeLessThan(6 * 1024 * 1024)
  }, 30_000)

  it('is followed to its last line, and the following ends when the build has concluded', async () => {
    const log = logs().open(build, fail)
    log.append('first')
    let asked = 0
    const isConcluded = async () => {
      asked += 1
      if (asked === 3) log.append('second')
      if (asked === 5) {
        log.append('third')
        log.close()
        return true
      }
      return false
    }
    expect(await texts({ follow: true, isConcluded })).toEqual(['first', 'second', 'third'])
  })

  it('ends a following that is aborted', async () => {
    const abort = new AbortController()
    const isConcluded = async () => {
      abort.abort()
      return false
    }
    const lines = logs().read(build, { tail: 10, follow: true, signal: abort.signal, isConcluded })
    for await (const line of lines) expect(line).toBeUndefined()
  })

  it('tells once that it cannot write, and never throws', async () => {
    const problems: unknown[] = []
    await rm(root, { recursive: true })
    const { writeFile } = await import('node:fs/promises')
    await writeFile(root, 'not a folder')
    const log = logs().open(build, (error) => void problems.push(error))
    for (let number = 0; number < 3; number += 1) log.append('x'.repeat(70_000))
    log.close()
    expect(problems).toHaveLength(1)
    expect(log.last()).toHaveLength(3)
  })
})
