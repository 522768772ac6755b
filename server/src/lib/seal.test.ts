import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSealer } from './seal.ts'

describe('createSealer', () => {
  const sealer = createSealer(randomBytes(32))

  test('a sealed value opens to what was sealed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), (bytes, context) => {
        const plain = Buffer.from(bytes)
        expect(sealer.open(sealer.seal(plain, context), context)).toEqual(plain)
      }),
    )
  })

  test('a value moved to another context does not open', () => {
    expect(() => sealer.open(sealer.seal(Buffer.from('s'), 'project/a'), 'project/b')).toThrow()
  })

  test('a changed bit anywhere is noticed', () => {
    const sealed = sealer.seal(Buffer.from('top secret'), 'c')
    for (let i = 0; i < sealed.length; i += 1) {
      const changed = Buffer.from(sealed)
      changed[i] = (changed[i] ?? 0) ^ 1
      expect(() => sealer.open(changed, 'c')).toThrow()
    }
  })

  test('another master key opens nothing', () => {
    expect(() => createSealer(randomBytes(32)).open(sealer.seal(Buffer.from('s'), 'c'), 'c')).toThrow()
  })
})

test('a fingerprint is the same for the same text, and another under another master key', () => {
  const [one, other] = [createSealer(randomBytes(32)), createSealer(randomBytes(32))]
  expect(one.fingerprint('x')).toBe(one.fingerprint('x'))
  expect(one.fingerprint('x')).not.toBe(one.fingerprint('y'))
  expect(one.fingerprint('x')).not.toBe(other.fingerprint('x'))
})
