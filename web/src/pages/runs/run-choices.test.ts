import type { FlowNode } from '@fairway/contract/nodes/kinds'
import { describe, expect, test } from 'vitest'
import { NO_CHOICES, releaseTargets, richArguments, runBodyOf } from './run-choices.ts'
import { placeProblems } from './run-problems.ts'

const release = (id: string, type = 'build') => ({
  kind: 'Release',
  spec: { type, origin: { build: '${refs.build.id}' }, target: { id, type: 'service' } },
})
const spec = {
  kind: 'Workflow',
  spec: {
    type: 'sequential',
    steps: [
      { kind: 'Build', spec: { id: 'builder', type: 'service', sha: '${args.SHA}', branch: 'a-${args.B}' } },
      { kind: 'Workflow', spec: { type: 'parallel', steps: [release('web'), release('api', 'deployment')] } },
    ],
  },
} as unknown as FlowNode

describe('the body of a run', () => {
  test('holds nothing that was left to the document', () => {
    const choices = { ...NO_CHOICES, arguments: { SHA: '' }, triggers: { push: { branch: '' } } }
    expect(runBodyOf(choices, { arguments: {} })).toEqual({})
  })

  test('does not pass over an override that nobody filled', () => {
    const releases = {
      web: { type: 'registry', origin: {} },
      api: { type: 'build', origin: { id: 'b' } },
    } as const
    expect(runBodyOf({ ...NO_CHOICES, releases }, { arguments: {} })).toEqual({
      releaseNodeOverrides: {
        web: { type: 'registry', origin: { imagePath: '' } },
        api: { type: 'build', origin: { id: 'b', build: '' } },
      },
    })
  })

  test('gives arguments the type that they have in the document', () => {
    const choices = { ...NO_CHOICES, arguments: { TEXT: '5', COUNT: '5', LIST: '["a"]', NEW: '7', BAD: '{' } }
    const body = runBodyOf(choices, { arguments: { TEXT: 'x', COUNT: 1, LIST: [], BAD: {} } })
    expect(body).toEqual({ arguments: { TEXT: '5', COUNT: 5, LIST: ['a'], NEW: '7', BAD: '{' } })
  })

  test('names the build or image that a target gets instead', () => {
    const override = { type: 'build', origin: { id: 'builder', build: 'b1', branch: '' } } as const
    expect(runBodyOf({ ...NO_CHOICES, releases: { web: override } }, { arguments: {} })).toEqual({
      releaseNodeOverrides: { web: { type: 'build', origin: { id: 'builder', build: 'b1' } } },
    })
  })
})

test('promotions cannot be overridden', () => {
  expect(releaseTargets(spec).map(({ id }) => id)).toEqual(['web'])
})

test('rich inputs fill the arguments that their outputs name', () => {
  const richInput = {
    kind: 'BuildSelector',
    spec: { inputs: { source: 'b' }, outputs: { buildId: 'ID', branch: 'B' } },
  } as const
  expect([...richArguments({ richInputs: [richInput] })]).toEqual(['ID', 'B'])
})

describe('a problem of a run', () => {
  const place = (field: string, rule = 'is wrong', overridden: string[] = []) =>
    placeProblems([{ field, rule }], spec, { overridden })

  test.each([
    ['of an argument', 'arguments.SHA', 'is wrong'],
    ['of a place that one argument fills', 'spec.spec.steps.0.spec.sha', 'is wrong'],
    ['that names an argument', 'spec.spec.steps.0.spec.branch', 'the argument "SHA" must be given'],
  ])('%s is shown at the argument', (_, field, rule) => {
    expect(place(field, rule)).toMatchObject({ arguments: { SHA: rule }, others: [] })
  })

  test('of a step whose release is overridden is shown at the override', () => {
    const field = 'spec.spec.steps.1.spec.steps.0.spec.origin.imagePath'
    expect(place(field, 'is wrong', ['web'])).toMatchObject({ releases: { web: 'is wrong' }, others: [] })
    expect(place(field).others).toEqual([`${field}: is wrong`])
    expect(place('releaseNodeOverrides.web')).toMatchObject({ releases: { web: 'is wrong' } })
  })

  test('of anything else is said with its place', () => {
    expect(place('spec.spec.steps.0.spec.branch').others).toEqual(['spec.spec.steps.0.spec.branch: is wrong'])
  })
})
