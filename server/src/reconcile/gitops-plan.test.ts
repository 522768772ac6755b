import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planSync, type SeenFile, type SyncFacts } from './gitops-plan.ts'

const file = (blob: string): SeenFile => ({ kind: 'document', blob, document: { git: blob } })
const absent: SeenFile = { kind: 'absent', blob: null }
const broken: SeenFile = { kind: 'invalid', blob: 'bad', why: 'Bad.', line: 3, canBeReplaced: true }
const link: SeenFile = { kind: 'invalid', blob: 'link', why: 'A link.', canBeReplaced: false }

const facts = (more: Partial<SyncFacts>): SyncFacts => ({
  base: { blob: 'a', version: 1 },
  pushing: undefined,
  decision: undefined,
  version: 1,
  document: { own: 1 },
  file: file('a'),
  ...more,
})
const choose = (take: 'git' | 'fairway', blob: string | null, version: number) => ({ take, blob, version })

describe('what brings a document and its file together', () => {
  test.each<[string, Partial<SyncFacts>, object]>([
    ['nothing changed', {}, { kind: 'same' }],
    ['a new link to a file takes the file', { base: undefined }, { kind: 'pull', blob: 'a' }],
    ['a new link to no file writes it', { base: undefined, file: absent }, { kind: 'push' }],
    [
      'a new link to a broken file stops',
      { base: undefined, file: broken },
      { kind: 'stop', state: 'invalid' },
    ],
    ['only git changed', { file: file('b') }, { kind: 'pull', blob: 'b' }],
    ['only the document changed', { version: 2 }, { kind: 'push' }],
    ['both changed', { version: 2, file: file('b') }, { kind: 'stop', state: 'conflict' }],
    [
      'both changed to the same',
      { version: 2, file: { kind: 'document', blob: 'b', document: { own: 1 } } },
      { kind: 'same', base: { blob: 'b', version: 2 } },
    ],
    ['git broke the file', { file: broken }, { kind: 'stop', state: 'invalid', line: 3 }],
    [
      'a broken file and a change',
      { version: 2, file: broken },
      { kind: 'stop', state: 'conflict', line: 3 },
    ],
    ['the file was deleted', { file: absent }, { kind: 'stop', state: 'conflict' }],
    ['git was taken', { version: 2, file: file('b'), decision: choose('git', 'b', 2) }, { kind: 'pull' }],
    [
      'Fairway was taken',
      { version: 2, file: file('b'), decision: choose('fairway', 'b', 2) },
      { kind: 'push' },
    ],
    [
      'Fairway was taken over no file',
      { file: absent, decision: choose('fairway', null, 1) },
      { kind: 'push' },
    ],
    [
      'Fairway never replaces a link',
      { version: 2, file: link, decision: choose('fairway', 'link', 2) },
      { state: 'invalid' },
    ],
    [
      'a push that arrived unnoticed',
      { version: 2, file: file('b'), pushing: { blob: 'b', version: 2 } },
      { kind: 'same', base: { blob: 'b', version: 2 } },
    ],
    [
      'a push that arrived unnoticed before a further save',
      { version: 3, file: file('b'), pushing: { blob: 'b', version: 2 } },
      { kind: 'push' },
    ],
  ])('%s', (_, more, plan) => {
    expect(planSync(facts(more))).toMatchObject(plan)
  })

  test('a change that nobody decided about, and that both sides made, is never overwritten', () => {
    const blobs = fc.constantFrom('a', 'b', 'c')
    const base = fc.record({ blob: blobs, version: fc.integer({ min: 1, max: 3 }) })
    const decision = fc.record({
      take: fc.constantFrom('git' as const, 'fairway' as const),
      blob: blobs,
      version: fc.integer({ min: 1, max: 3 }),
    })
    fc.assert(
      fc.property(
        base,
        fc.option(decision, { nil: undefined }),
        blobs,
        fc.integer({ min: 1, max: 3 }),
        (common, made, blob, version) => {
          const plan = planSync(facts({ base: common, decision: made, file: file(blob), version }))
          const bothMoved = blob !== common.blob && version !== common.version
          const decides = made?.blob === blob && made.version === version
          if (bothMoved && !decides) expect(plan.kind).toBe('stop')
          if (plan.kind === 'push') expect(version !== common.version || decides).toBe(true)
          if (plan.kind === 'pull') expect(blob).not.toBe(common.blob)
        },
      ),
    )
  })
})
