import { describe, expect, test } from 'vitest'
import { patchOf } from './patch-of.ts'
import { deploymentService } from './resources/service.ts'

const patch = patchOf(deploymentService.omit({ name: true }))

describe('patchOf', () => {
  test('requires nothing and fills nothing in', () => {
    expect(patch.parse({})).toEqual({})
    expect(patch.parse({ deployment: { strategy: {} } })).toEqual({ deployment: { strategy: {} } })
  })

  test('keeps the rules of each field, and unknown fields stay unknown', () => {
    expect(patch.safeParse({ deployment: { instances: -1 } }).success).toBe(false)
    expect(patch.safeParse({ deployment: { surprise: 1 } }).success).toBe(false)
    expect(patch.safeParse({ name: 'other' }).success).toBe(false)
  })
})
