import type { FlowNode } from '@fairway/contract/nodes/kinds'
import { expect, test } from 'vitest'
import { insertStep, moveStep, newStep, removeStep, replaceStep, wrapStep } from './edits.ts'
import { stepAt } from './steps.ts'

const job = (jobId: string): FlowNode => ({ kind: 'JobRun', spec: { jobId } }) as FlowNode
const group = (type: 'sequential' | 'parallel', ...steps: FlowNode[]): FlowNode =>
  ({ kind: 'Workflow', spec: { type, steps } }) as FlowNode
const flow = group('sequential', job('a'), group('parallel', job('b'), job('c')), job('d'))

test('edits change one place and leave the document they were given as it was', () => {
  const before = JSON.stringify(flow)
  expect(stepAt(insertStep(flow, '1', 1, job('x')), '1.1')).toEqual(job('x'))
  expect(stepAt(replaceStep(flow, '1.0', job('x')), '1.0')).toEqual(job('x'))
  expect(stepAt(removeStep(flow, '1.0'), '1')).toEqual(group('parallel', job('c')))
  expect(stepAt(moveStep(flow, '0', 1), '1')).toEqual(job('a'))
  expect(stepAt(wrapStep(flow, '2', 'parallel'), '2')).toEqual(group('parallel', job('d')))
  expect(JSON.stringify(flow)).toBe(before)
})

test('what is not possible changes nothing', () => {
  expect(removeStep(flow, '')).toBe(flow)
  expect(moveStep(flow, '0', -1)).toEqual(flow)
  expect(replaceStep(flow, '7.1', job('x'))).toEqual(flow)
  expect(insertStep(flow, '0', 0, newStep('JobRun'))).toEqual(flow)
})
