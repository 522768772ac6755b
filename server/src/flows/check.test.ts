import type { FlowNode } from '@fairway/contract/nodes/kinds'
import { describe, expect, test } from 'vitest'
import { checkDocument, MAX_NODES } from './check.ts'
import { parseDocument } from './document.ts'
import { build, check, file, node, run, stage } from './test-check.ts'
import { job, loop, parallel, sequential } from './test-run.ts'

describe('documents that hold', () => {
  test('the release flow of a real Northflank repository has no problem', () => {
    const parsed = parseDocument(file('e2e/fixtures/prod-release.json'))
    expect(parsed).toMatchObject({ ok: true })
    if (parsed.ok) expect(checkDocument(parsed.document, stage, run())).toEqual([])
  })

  test.each(['examples/flows/staging.json', 'examples/flows/production.json'])('%s can be read', (path) => {
    expect(parseDocument(file(path))).toMatchObject({ ok: true })
  })

  test('reading a document changes nothing of it', () => {
    const written = file('e2e/fixtures/prod-release.json')
    expect(parseDocument(written)).toEqual({ ok: true, document: written })
  })
})

describe('refs', () => {
  test('a ref is given once, over steps and triggers', () => {
    expect(check([job('x'), job('x')])).toEqual([
      'spec.spec.steps.1.ref: "x" is already the ref of spec.spec.steps.0. Give each its own.',
    ])
    expect(check([job('push')], {}, { triggers: [{ ref: 'push', repoUrl: 'https://x' }] })[0]).toContain(
      'already the ref of triggers.0',
    )
  })

  const reader = (ref: string): FlowNode => build({ branch: `\${refs.${ref}.branch}` }, 'reader')
  test.each([
    ['an unknown ref', [reader('nope')], 'no step or trigger has the ref "nope". Known: reader.'],
    ['a later step', [reader('late'), job('late')], '"late" comes later'],
    ['a step of a later workflow', [reader('late'), sequential(job('late'))], '"late" comes later'],
    ['a parallel sibling', [parallel(job('side'), reader('side'))], '"side" runs in parallel'],
    [
      'inside a parallel sibling',
      [parallel(sequential(job('side')), sequential(reader('side')))],
      'in parallel',
    ],
    ['itself', [reader('reader')], 'is this step itself'],
    ['what holds it', [{ ...sequential(reader('around')), ref: 'around' }], 'has not ended yet'],
    ['the inside of a loop', [loop([1], [job('in')]), reader('in')], 'seen only in the same iteration'],
    ['deep inside a loop', [sequential(loop([1], [parallel(job('in'))])), reader('in')], 'same iteration'],
  ] as const)('%s cannot be read', (_, steps, rule) => {
    const problems = check([...steps] as FlowNode[])
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(rule)
    expect(problems[0]).toMatch(/spec\.branch: /)
  })

  test.each([
    ['an earlier step', [job('x'), reader('x')]],
    ['an earlier parallel step', [parallel(job('x'), job('y')), reader('x')]],
    ['an earlier step outside the workflow', [job('x'), parallel(job(), sequential(reader('x')))]],
    ['an earlier step of the same iteration', [loop([1], [job('x'), reader('x')])]],
    ['a loop itself', [{ ...loop([1], []), ref: 'x' }, reader('x')]],
  ] as const)('%s can be read', (_, steps) => {
    expect(check([...steps] as FlowNode[])).toEqual([])
  })

  test('a trigger can be read anywhere; in a run its value must have been given', () => {
    const triggers = [{ ref: 'push', repoUrl: 'https://x' }]
    expect(check([reader('push')], {}, { triggers })).toEqual([])
    expect(check([reader('push')], run(), { triggers })[0]).toContain(
      'the trigger "push" did not give "branch"',
    )
    expect(check([reader('push')], run({ triggers: { push: { branch: 'main' } } }), { triggers })).toEqual([])
  })
})

describe('expressions', () => {
  test.each([
    ['${fn.nope(1)}', 'there is no function fn.nope'],
    ['${fn.filter(args.X, fn.nope)}', 'there is no function fn.nope'],
    ['${fn.toUpper()}', 'does not take 0 arguments'],
    ['${fn.toUpper(fn.if(true))}', 'does not take 1 argument'],
    ['${HOME}', 'must begin with'],
    ['${secrets.x.values.Y}', 'fn.fetchSecret'],
    ['${loop.item}', 'only inside a LoopWorkflow'],
  ])('%s is refused before anything runs', (text, rule) => {
    expect(check([build({ branch: text })])[0]).toContain(rule)
  })

  test('inside a function what is missing counts as false, so it is no problem', () => {
    expect(check([build({ branch: "${fn.if(refs.nope.id, 'a', 'b')}" })], run())).toEqual([])
    expect(check([build({ branch: "${fn.if(args.NOPE, 'a', 'b')}" })], run())).toEqual([])
  })

  test('loop values are fine inside a loop', () => {
    expect(check([loop(['a'], [node('JobRun', { jobId: '${loop.item}' })])], run())).toEqual([])
  })
})

describe('arguments', () => {
  const step = build({ branch: '${args.BRANCH}' })

  test('may be missing when a document is saved, and must have a value in a run', () => {
    expect(check([step])).toEqual([])
    expect(check([step], run())).toEqual([
      'spec.spec.steps.0.spec.branch: the argument "BRANCH" has no value. Give it one in the run, or a default in the document.',
    ])
    expect(check([step], run({ arguments: { BRANCH: 'main' } }))).toEqual([])
    expect(check([step], run(), { arguments: { BRANCH: 'main' } })).toEqual([])
  })

  test('an empty default asks the run for a value', () => {
    expect(check([step], run(), { arguments: { BRANCH: '' } })[0]).toContain(
      'must be given a value by the run',
    )
    expect(check([step], run(), { arguments: { BRANCH: '' }, argumentOverrides: { BRANCH: 'x' } })).toEqual(
      [],
    )
  })

  test('missing ones are found in steps that also wait for other steps', () => {
    const release = node('Release', {
      type: 'build',
      origin: { id: 'builder', branch: '${args.NOPE}', build: '${refs.build.id}' },
      target: { id: 'web', type: 'service' },
    })
    expect(check([build(), release], run())).toHaveLength(1)
  })

  test('a value that does not fit the field is found before anything runs', () => {
    const approval = node('Approval', { amount: '${args.N}' })
    expect(check([approval], run({ arguments: { N: '2' } }))).toEqual([])
    expect(check([approval], run({ arguments: { N: 'many' } }))).toEqual([
      'spec.spec.steps.0.spec.amount: must be a whole number from 1 to 20.',
    ])
  })

  test('a target that an argument names is judged like a written one', () => {
    const step = node('JobRun', { jobId: '${args.JOB}' })
    expect(check([step], run({ arguments: { JOB: 'migrate-staging' } }))[0]).toContain(
      'is not in stage Production',
    )
  })
})

describe('limits', () => {
  test('500 steps are fine, more than the limit are not', () => {
    const many = (count: number): FlowNode[] => [parallel(...Array.from({ length: count }, () => job()))]
    expect(check(many(500))).toEqual([])
    expect(check(many(MAX_NODES))[0]).toContain(`at most ${MAX_NODES}`)
  })

  test('workflows nest only so deep, and a document that is absurdly deep is refused without recursion', () => {
    const nested = (depth: number): FlowNode => (depth === 0 ? job() : sequential(nested(depth - 1)))
    expect(check([nested(17)])).toEqual([])
    expect(check([nested(20)])[0]).toContain('nested more than')
    expect(check([nested(2000)])[0]).toContain('nested more than')
  })

  test('a document that is too large is refused', () => {
    expect(check([job()], {}, { arguments: { A: 'x'.repeat(1_000_001) } })[0]).toContain('must be smaller')
  })
})
