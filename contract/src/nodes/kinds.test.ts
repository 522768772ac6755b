import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { flowDocument } from '../flow.ts'
import { flowNode, kinds } from './kinds.ts'
import { resourceKinds } from './resources/kinds.ts'
import { addressKey, parseTemplateId } from './run-template.ts'

test('the lists of kinds and the schema of a node name the same kinds', () => {
  const options = (flowNode as unknown as { options: { shape: { kind: { value: string } } }[] }).options
  expect(options.map(({ shape }) => shape.kind.value).toSorted()).toEqual(
    [...kinds, ...resourceKinds].map(({ kind }) => kind).toSorted(),
  )
})

describe.each(kinds)('$kind', ({ node, condition, kind }) => {
  test('takes the condition that the list names, and no other', () => {
    const problems = (given: string): string[] => {
      const { error } = node.safeParse({ kind, condition: given, spec: {} })
      return (error?.issues ?? []).flatMap((issue) =>
        issue.code === 'unrecognized_keys' ? issue.keys : issue.path.map(String).slice(0, 1),
      )
    }
    for (const given of ['success', 'running', 'other'])
      expect(problems(given).includes('condition')).toBe(given !== condition)
  })
})

test('the schema of a document can be written as JSON schema, steps referring to themselves', () => {
  const schema = JSON.stringify(z.toJSONSchema(flowDocument, { io: 'input' }))
  expect(schema).toContain('"#/$defs/FlowNode"')
})

test.each([
  ['Staging', 'shop/main:Staging'],
  ['staging', 'shop/main:Staging'],
  ['other:production', 'shop/other:Production'],
  ['x/other:Development', 'x/other:Development'],
  ['', undefined],
  ['Nope', undefined],
  ['a:b:Staging', undefined],
  ['/main:Staging', undefined],
  ['x/Staging', undefined],
])('template id %j names the flow %s', (templateId, key) => {
  const address = parseTemplateId(templateId, { projectId: 'shop', pipelineId: 'main', stage: 'Production' })
  expect(address && addressKey(address)).toBe(key)
})
