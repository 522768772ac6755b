import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { formatLine } from './log-format.ts'
import { readLogs } from './logs.ts'

const line = (text: string): string => formatLine('2026-01-01T00:00:00.000Z', 'o', text)

async function withLog(work: (folder: string, path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fairway-log-'))
  try {
    await work(folder, join(folder, 'log'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('a carriage return within a line does not cut it', () =>
  withLog(async (folder, path) => {
    writeFileSync(path, line('10 %\r20 %') + line('done'))
    const seen: string[] = []
    for await (const { text } of readLogs(folder, {})) seen.push(text)
    expect(seen).toEqual(['10 %\r20 %', 'done'])
  }))

test('following never cuts a character, wherever a read ends', () =>
  withLog(async (folder, path) => {
    const texts = Array.from({ length: 60 }, (_, n) => `${'x'.repeat(n)}${'€'.repeat(5000)}`)
    writeFileSync(path, '')
    const seen: string[] = []
    for await (const { text } of followed(folder, () => {
      appendFileSync(path, texts.map(line).join(''))
      writeFileSync(join(folder, 'log.done'), '')
    }))
      seen.push(text)
    expect(seen).toEqual(texts)
  }))

test('a rotation while lines are read neither repeats nor loses one', () =>
  withLog(async (folder, path) => {
    writeFileSync(path, line('1') + line('2'))
    const seen: string[] = []
    for await (const { text } of readLogs(folder, { follow: true })) {
      seen.push(text)
      if (text === '1') {
        appendFileSync(path, line('3'))
        renameSync(path, `${path}.1`)
        writeFileSync(path, line('4'))
      }
      if (text === '4') {
        renameSync(`${path}.1`, `${path}.2`)
        renameSync(path, `${path}.1`)
        writeFileSync(path, line('5'))
        writeFileSync(join(folder, 'log.done'), '')
      }
    }
    expect(seen).toEqual(['1', '2', '3', '4', '5'])
  }))

/** Follows the log; `then` happens after the first look. */
async function* followed(folder: string, then: () => void) {
  const lines = readLogs(folder, { follow: true })[Symbol.asyncIterator]()
  const first = lines.next()
  setImmediate(then)
  for (let next = await first; !next.done; next = await lines.next()) yield next.value
}
