import type { FlowDocument, RunRequest } from '@fairway/contract/flow'
import { expect, test } from 'vitest'
import { applyOverrides } from './overrides.ts'
import { build, node } from './test-check.ts'
import { loop, sequential } from './test-run.ts'

const release = (id: string, type = 'build'): ReturnType<typeof node> =>
  node('Release', {
    type,
    origin:
      type === 'build' ? { id: 'builder', branch: 'main', build: 'latest' } : { id: 'x', type: 'service' },
    target: { id, type: 'service' },
  })

const document: FlowDocument = {
  apiVersion: 'v1.2',
  triggers: [{ ref: 'push', repoUrl: 'https://x' }],
  spec: sequential(build(), loop([1], [release('web')]), release('api'), release('promoted', 'deployment')),
}

const apply = (request: Pick<RunRequest, 'overrides' | 'releaseNodeOverrides'>) =>
  applyOverrides(document, request)
const steps = (request: Parameters<typeof apply>[0]): unknown[] => {
  const result = apply(request)
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.document.spec.spec.steps
}

test('without overrides the document is what it was', () => {
  expect(apply({})).toEqual({ ok: true, document, triggers: {} })
})

test('fields of a step and of a trigger are replaced by ref, leaving the stored document alone', () => {
  const before = structuredClone(document)
  const result = apply({ overrides: { build: { branch: 'devel' }, push: { branch: 'hotfix' } } })
  expect(result).toMatchObject({ ok: true, triggers: { push: { branch: 'hotfix' } } })
  expect(steps({ overrides: { build: { branch: 'devel' } } })[0]).toMatchObject({
    spec: { id: 'builder', branch: 'devel' },
  })
  expect(document).toEqual(before)
})

test('a release is overridden by its target, also inside a loop: another build, or an image instead', () => {
  const changed = steps({
    releaseNodeOverrides: {
      web: { type: 'registry', origin: { imagePath: 'nginx:latest' } },
      api: { origin: { build: 'b7' } },
    },
  })
  expect(changed[1]).toMatchObject({
    spec: {
      steps: [{ spec: { type: 'registry', origin: { imagePath: 'nginx:latest' }, target: { id: 'web' } } }],
    },
  })
  expect(changed[2]).toMatchObject({
    spec: { type: 'build', origin: { id: 'builder', branch: 'main', build: 'b7' } },
  })
})

test.each([
  [{ overrides: { nope: {} } }, 'overrides.nope', 'Known: push, build'],
  [{ overrides: { build: { nope: 1 } } }, 'spec.spec.steps.0.spec.nope', 'is not known here'],
  [{ overrides: { build: { id: 5 } } }, 'spec.spec.steps.0.spec.id', 'must be a text'],
  [{ releaseNodeOverrides: { nope: { origin: {} } } }, 'releaseNodeOverrides.nope', 'no Release step'],
  [
    { releaseNodeOverrides: { promoted: { origin: {} } } },
    'releaseNodeOverrides.promoted',
    'cannot be overridden',
  ],
  [
    { releaseNodeOverrides: { api: { type: 'registry', origin: {} } } },
    'spec.spec.steps.2.spec.origin.imagePath',
    'is missing',
  ],
] as const)('%j is refused where it is wrong', (request, path, rule) => {
  const result = apply(request as Parameters<typeof apply>[0])
  expect(result).toMatchObject({ ok: false, problems: [{ path, rule: expect.stringContaining(rule) }] })
})

test('a ref or target named like something inherited is not taken for one', () => {
  expect(apply({ overrides: JSON.parse('{"__proto__": {"a": 1}}') })).toMatchObject({ ok: false })
  expect(apply({ releaseNodeOverrides: { constructor: { origin: {} } } })).toMatchObject({ ok: false })
})
