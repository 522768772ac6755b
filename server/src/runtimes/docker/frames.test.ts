import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Frame, framesOf } from '../../lib/docker/frames.ts'
import { linesOf } from './logs.ts'

const encode = ({ stream, bytes }: Frame): Buffer => {
  const header = Buffer.alloc(8)
  header[0] = stream === 'stderr' ? 2 : 1
  header.writeUInt32BE(bytes.length, 4)
  return Buffer.concat([header, bytes])
}

async function* chunksOf(whole: Buffer, size: number): AsyncIterable<Buffer> {
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size)
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const one of source) found.push(one)
  return found
}

async function* frames(...pieces: [Frame['stream'], string][]): AsyncIterable<Frame> {
  for (const [stream, text] of pieces) yield { stream, bytes: Buffer.from(text) }
}

const frame = fc.record({
  stream: fc.constantFrom('stdout' as const, 'stderr' as const),
  bytes: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
})

test('frames come out as they went in, however the stream was cut', () =>
  fc.assert(
    fc.asyncProperty(fc.array(frame), fc.integer({ min: 1, max: 30 }), async (sent, size) => {
      const received = await all(framesOf(chunksOf(Buffer.concat(sent.map(encode)), size)))
      expect(received).toEqual(sent)
    }),
  ))

const AT = '2026-01-01T12:00:00.123456789Z'

test('pieces of a long line are one line, also when the other stream writes in between', async () => {
  const lines = await all(
    linesOf(frames(['stdout', `${AT} ab`], ['stderr', `${AT} x\n`], ['stdout', `${AT} c d\r\n`])),
  )
  expect(lines.map(({ stream, text }) => [stream, text])).toEqual([
    ['stderr', 'x'],
    ['stdout', 'abc d'],
  ])
  expect(lines[0]?.at).toEqual(new Date('2026-01-01T12:00:00.123Z'))
})

test('a last line without an end is told, unless someone goes on reading', async () => {
  expect(await all(linesOf(frames(['stdout', `${AT} half`])))).toHaveLength(1)
  expect(await all(linesOf(frames(['stdout', `${AT} half`]), true))).toEqual([])
})

test('a line that never ends is cut, so that it does not fill the memory', async () => {
  const piece = 'x'.repeat(16_384)
  const pieces = Array.from({ length: 100 }, () => ['stdout', `${AT} ${piece}`] as ['stdout', string])
  const lines = await all(linesOf(frames(...pieces)))
  expect(lines.map(({ text }) => text.length)).toEqual([64 * 16_384, 36 * 16_384])
})
