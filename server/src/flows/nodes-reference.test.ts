import { readFileSync } from 'node:fs'
import { kinds } from '@fairway/contract/nodes/kinds'
import { expect, test } from 'vitest'
import { nodesReference } from './nodes-reference.ts'

test('docs/reference/nodes.md is current (write it with: npm run reference)', () => {
  const page = new URL('../../../docs/reference/nodes.md', import.meta.url)
  expect(readFileSync(page, 'utf8')).toBe(nodesReference())
})

test('the reference has a section for every kind', () => {
  for (const { kind, doc } of kinds) {
    expect(nodesReference()).toContain(`## ${kind}\n`)
    expect(nodesReference()).toContain(doc)
  }
})
