import { expect, test } from 'vitest'
import { readText, stepOf, writeText } from './document-text.ts'

const document = {
  apiVersion: 'v1.2',
  spec: {
    kind: 'Workflow',
    spec: {
      type: 'sequential',
      steps: [{ kind: 'JobRun', spec: { jobId: 'migrate' }, condition: 'success' }],
    },
  },
}

test.each(['json', 'yaml'] as const)('a document written as %s is read as it was', (format) => {
  expect(readText(writeText(document, format))).toEqual({ document, problems: [] })
})

test.each(['json', 'yaml'] as const)(
  'what breaks a rule is marked where it stands in %s, and at its step',
  (format) => {
    const text = writeText(document, format).replace('success', 'sucess')
    const { problems } = readText(text)
    expect(problems).toHaveLength(1)
    expect(text.slice(problems[0]!.from, problems[0]!.to)).toContain('sucess')
    expect(problems[0]).toMatchObject({ step: '0' })
  },
)

test('text that is no document says so, with its place', () => {
  expect(readText('a: [1').problems[0]!.message).not.toBe('')
  expect(readText('just words').document).toBeUndefined()
})

test('a path of a problem names its step', () => {
  expect(stepOf(['spec', 'spec', 'steps', 1, 'spec', 'steps', 0, 'spec', 'jobId'])).toBe('1.0')
  expect(stepOf(['spec', 'kind'])).toBe('')
  expect(stepOf(['options'])).toBeUndefined()
})
