import { expect, test } from 'vitest'
import { knownOf } from './known-of.ts'

const SCHEMA = {
  properties: { origin: { properties: { id: { type: 'string' } } }, list: { type: 'array' } },
}

test('what a schema does not know is left out, inside of objects too; the rest stays as it is', () => {
  const value = { origin: { id: 'web', type: 'service' }, list: [{ any: 1 }], other: true }
  expect(knownOf(SCHEMA, value)).toEqual({ origin: { id: 'web' }, list: [{ any: 1 }] })
})
