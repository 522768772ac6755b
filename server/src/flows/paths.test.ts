import { expect, test } from 'vitest'
import { documentPath, iterationsAround, nodeAt, rowsOf } from './paths.ts'
import { job, loop, parallel, sequential } from './test-run.ts'

const document = {
  apiVersion: 'v1.2',
  spec: sequential(job('a'), parallel(job('b'), loop([1, 2], [job('c')])), job('d')),
} as const

test('a run begins with a row for every node outside loops, parents first', () => {
  expect(rowsOf(document).map(({ path, ref }) => [path, ref])).toEqual([
    ['0', null],
    ['0.0', 'a'],
    ['0.1', null],
    ['0.1.0', 'b'],
    ['0.1.1', null],
    ['0.2', 'd'],
  ])
})

test('every path leads to its node, and no other path to any', () => {
  for (const row of rowsOf(document)) expect(nodeAt(document, row.path)?.kind).toBe(row.kind)
  expect(nodeAt(document, '0.1.1#1.0')).toMatchObject({ ref: 'c' })
  expect(nodeAt(document, '0.1.1#1')).toMatchObject({ kind: 'LoopWorkflow' })
  for (const path of ['', '1', '0.9', '0.0.0', '0.x']) expect(nodeAt(document, path)).toBeUndefined()
})

test('iterations around a path come innermost first', () => {
  expect(iterationsAround('0.1#2.0#13.4.1')).toEqual(['0.1#2.0#13', '0.1#2'])
  expect(iterationsAround('0.1.2')).toEqual([])
})

test('a path is shown as the place in the document', () => {
  expect(documentPath('0')).toBe('spec')
  expect(documentPath('0.1#2.0')).toBe('spec.spec.steps.1.spec.steps.0')
})
