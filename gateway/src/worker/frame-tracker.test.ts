import fc from 'fast-check'
import { expect, test } from 'vitest'
import { closeFrame, FrameTracker } from './frame-tracker.ts'

function frameOf(payload: Uint8Array, masked: boolean): Buffer {
  const size = payload.length
  const bit = masked ? 0x80 : 0
  const head = Buffer.from(
    size < 126
      ? [0x82, bit | size]
      : size < 65_536
        ? [0x82, bit | 126, size >> 8, size & 0xff]
        : [0x82, bit | 127, 0, 0, 0, 0, 0, size >> 16, (size >> 8) & 0xff, size & 0xff],
  )
  return Buffer.concat([head, Buffer.alloc(masked ? 4 : 0), payload])
}

const payloads = fc.array(
  fc.tuple(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.constant(new Uint8Array(70_000))), fc.boolean()),
  { minLength: 1, maxLength: 5 },
)

test('however the bytes are cut into chunks, a boundary is seen exactly where a frame ends', () => {
  fc.assert(
    fc.property(
      payloads,
      fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 40 }),
      (all, cuts) => {
        const frames = all.map(([payload, mask]) => frameOf(payload, mask))
        const ends = new Set(frames.map((_, i) => Buffer.concat(frames.slice(0, i + 1)).length))
        const stream = Buffer.concat(frames)
        const tracker = new FrameTracker()
        let at = 0
        for (const cut of [...cuts, stream.length]) {
          const chunk = stream.subarray(at, at + cut)
          at += chunk.length
          tracker.advance(chunk)
          expect(tracker.atBoundary).toBe(ends.has(at) || at === 0)
        }
      },
    ),
  )
})

test('stopping at a boundary takes the rest of the frame under way and nothing of the next', () => {
  const tracker = new FrameTracker()
  const first = frameOf(Buffer.alloc(300), false)
  const second = frameOf(Buffer.alloc(10), false)

  tracker.advance(first.subarray(0, 7))

  expect(tracker.advance(Buffer.concat([first.subarray(7), second]), true)).toBe(first.length - 7)
})

test('a close frame is noticed, masked or not', () => {
  for (const frame of [closeFrame(1012), closeFrame(1001, Buffer.from([1, 2, 3, 4]))]) {
    const tracker = new FrameTracker()
    tracker.advance(frame)
    expect(tracker.closeSeen).toBe(true)
    expect(tracker.atBoundary).toBe(true)
  }
})
