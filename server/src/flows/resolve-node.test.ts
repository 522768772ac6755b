import type { FlowNode, WorkflowNode } from '@fairway/contract/nodes/kinds'
import { describe, expect, test } from 'vitest'
import { done } from './model.ts'
import { nodeAt } from './paths.ts'
import { type ResolvedNode, resolveNode } from './resolve-node.ts'
import { type RunValues, scopeAt } from './scope.ts'
import { node, values } from './test-check.ts'
import { job, loop, parallel, sequential, TestRun } from './test-run.ts'

/** What the node at `path` resolves to in a run as it stands. */
function resolveIn(run: TestRun, path: string, over: Partial<RunValues> = {}): ResolvedNode {
  const scope = scopeAt(run.document, run.rows, path, { ...values, ...over })
  return resolveNode(run.document, nodeAt(run.document, path) as FlowNode, path, scope)
}

const resolveOne = (step: FlowNode, over: Partial<RunValues> = {}): ResolvedNode =>
  resolveIn(new TestRun(sequential(step)), '0.0', over)

describe('specs', () => {
  test('an earlier answer, an argument and a trigger become plain values', () => {
    const build = node('Build', { id: 'b', type: 'service', branch: '${refs.push.branch}' }, { ref: 'build' })
    const release = node('Release', {
      type: 'build',
      origin: { id: 'b', branch: '${args.BRANCH}', build: '${refs.build.id}' },
      target: { id: 'web', type: 'service' },
    })
    const run = new TestRun(sequential(build, release), { arguments: { BRANCH: 'main' } })
    expect(resolveIn(run, '0.0', { triggers: { push: { branch: 'dev' } } })).toMatchObject({
      is: 'ready',
      spec: { branch: 'dev' },
    })
    run.advance()
    run.answer('0.0', done({ id: 'build-7' }))
    expect(resolveIn(run, '0.1', { arguments: { BRANCH: 'hotfix' } })).toEqual({
      is: 'ready',
      spec: {
        type: 'build',
        origin: { id: 'b', branch: 'hotfix', build: 'build-7' },
        target: { id: 'web', type: 'service' },
      },
      timeoutSeconds: 3600,
    })
  })

  test.each([
    ['"2"', '2', { is: 'ready', spec: { amount: 2 } }],
    ['2', 2, { is: 'ready', spec: { amount: 2 } }],
    ['"two"', 'two', { is: 'invalid' }],
    ['another expression', '${args.M}', { is: 'invalid' }],
    ['0', 0, { is: 'invalid' }],
  ])('a number given as %s is taken when it fits and refused when not', (_, value, expected) => {
    expect(resolveOne(node('Approval', { amount: '${args.N}' }), { arguments: { N: value } })).toMatchObject(
      expected,
    )
  })

  test('booleans, choices and texts are taken from texts and numbers, and refused when they do not fit', () => {
    const step = node('Build', {
      id: 'b',
      type: '${args.TYPE}',
      branch: '${args.BRANCH}',
      reuseExistingBuilds: '${args.REUSE}',
      buildOverrides: { buildArguments: { COUNT: '${args.COUNT}', EMPTY: '' } },
    })
    const given = { TYPE: 'service', BRANCH: 12, REUSE: 'false', COUNT: 5 }
    expect(resolveOne(step, { arguments: given })).toMatchObject({
      spec: {
        type: 'service',
        branch: '12',
        reuseExistingBuilds: false,
        buildOverrides: { buildArguments: { COUNT: '5', EMPTY: '' } },
      },
    })
    expect(resolveOne(step, { arguments: { ...given, TYPE: 'addon' } })).toMatchObject({
      is: 'invalid',
      error: {
        code: 'invalid_reference',
        message: 'spec.spec.steps.0.spec.type: must be one of service, job.',
      },
    })
  })

  test('what does not resolve makes the step invalid, naming the expression and the field', () => {
    const resolved = resolveOne(node('JobRun', { jobId: '${refs.nope.id}' }))
    expect(resolved).toMatchObject({ is: 'invalid', problems: [{ path: 'spec.spec.steps.0.spec.jobId' }] })
    expect(resolved).toMatchObject({ error: { message: expect.stringContaining('"${refs.nope.id}"') } })
  })

  test('a step that was skipped has no answer to read', () => {
    const run = new TestRun(sequential(parallel(job('x')), node('JobRun', { jobId: '${refs.x.reason}' })))
    run.advance()
    run.answer('0.0.0', { is: 'skipped', reason: 'no' })
    run.advance()
    expect(resolveIn(run, '0.1')).toMatchObject({ is: 'invalid' })
  })
})

describe('loops', () => {
  const step = (ref: string): FlowNode =>
    node('JobRun', { jobId: '${loop.item.job}', runtimeEnvironment: { N: '${loop.index}' } }, { ref })

  test('an expression gives the items, and opening keeps them', () => {
    const over: WorkflowNode = sequential({
      ...loop([], [job()]),
      spec: { iterations: '${args.ITEMS}', steps: [] },
    })
    expect(resolveIn(new TestRun(over), '0.0', { arguments: { ITEMS: ['a', { b: 1 }] } })).toMatchObject({
      is: 'ready',
      timeoutSeconds: null,
      opened: { state: { iterations: ['a', { b: 1 }] }, response: { count: 2 } },
    })
    expect(resolveIn(new TestRun(over), '0.0', { arguments: { ITEMS: 'a,b' } })).toMatchObject({
      is: 'invalid',
    })
    const many = Array.from({ length: 501 }, () => 1)
    expect(resolveIn(new TestRun(over), '0.0', { arguments: { ITEMS: many } })).toMatchObject({
      is: 'invalid',
    })
  })

  test('each iteration reads its own item, number and earlier answers', () => {
    const body = [step('a'), node('JobRun', { jobId: '${refs.a.id}' })]
    const run = new TestRun(sequential(loop([{ job: 'x' }, { job: 'y' }], body, 'parallel')))
    run.advance()
    run.answer('0.0#0.0', done({ id: 'first' }))
    run.answer('0.0#1.0', done({ id: 'second' }))
    run.advance()
    expect(resolveIn(run, '0.0#1.0')).toMatchObject({ spec: { jobId: 'y', runtimeEnvironment: { N: '1' } } })
    expect(resolveIn(run, '0.0#0.1')).toMatchObject({ spec: { jobId: 'first' } })
    expect(resolveIn(run, '0.0#1.1')).toMatchObject({ spec: { jobId: 'second' } })
  })

  test('the innermost loop gives the item, an outer iteration still gives its answers', () => {
    const inner = loop([{ job: 'in' }], [node('JobRun', { jobId: '${loop.item.job}-${refs.a.id}' })])
    const run = new TestRun(sequential(loop([{ job: 'x' }, { job: 'y' }], [step('a'), inner], 'parallel')))
    run.advance()
    run.answer('0.0#0.0', done({ id: '1' }))
    run.answer('0.0#1.0', done({ id: '2' }))
    run.advance()
    expect(resolveIn(run, '0.0#1.1#0.0')).toMatchObject({ spec: { jobId: 'in-2' } })
  })

  test('outside a loop its inner answers are not seen', () => {
    const run = new TestRun(
      sequential(loop([{ job: 'x' }], [step('a')]), node('JobRun', { jobId: '${refs.a.id}' })),
    )
    run.advance()
    run.answer('0.0#0.0', done({ id: '1' }))
    run.advance()
    expect(resolveIn(run, '0.1')).toMatchObject({ is: 'invalid' })
  })
})

describe('skipNodeExecution and time', () => {
  test.each([
    ['${args.SKIP}', true, 'skip'],
    ['${args.SKIP}', 'true', 'skip'],
    ['${args.SKIP}', 'false', 'ready'],
    ['${args.SKIP}', '', 'ready'],
    ["${fn.neq(args.SKIP, 'prod')}", 'prod', 'ready'],
    ['${fn.not(refs.nope.id)}', 'x', 'skip'],
    ['${refs.nope.id}', 'x', 'invalid'],
  ])('%s with %j: %s', (skipNodeExecution, SKIP, is) => {
    expect(resolveOne(job(undefined, { skipNodeExecution }), { arguments: { SKIP } })).toMatchObject({ is })
  })

  test('a skipped step is not resolved further', () => {
    const step = node('JobRun', { jobId: '${refs.nope.id}' }, { skipNodeExecution: true })
    expect(resolveOne(step)).toMatchObject({ is: 'skip' })
  })

  test('the time is what the step says, inside or outside, else the flow, else the kind', () => {
    const seconds = (step: FlowNode, timeoutDuration?: number): unknown => {
      const run = new TestRun(sequential(step), timeoutDuration === undefined ? {} : { timeoutDuration })
      const resolved = resolveIn(run, '0.0', { arguments: { T: '77' } })
      return resolved.is === 'ready' ? resolved.timeoutSeconds : resolved
    }
    const restart = (data: object): FlowNode =>
      node('Action', { kind: 'Service', spec: { type: 'restart', data: { serviceId: 'web', ...data } } })

    expect(seconds(job())).toBe(3600)
    expect(seconds(job(), 90)).toBe(90)
    expect(seconds(job(undefined, { timeoutDuration: 30 }), 90)).toBe(30)
    expect(seconds(job(undefined, { timeoutDuration: '${args.T}' }))).toBe(77)
    expect(seconds(restart({ timeoutDuration: '${args.T}' }), 90)).toBe(77)
    expect(seconds(node('Approval', { amount: 1 }))).toBe(86_400)
    expect(seconds(sequential(job()), 90)).toBe(null)
    expect(seconds({ ...sequential(job()), timeoutDuration: 500 })).toBe(500)
    expect(seconds(job(undefined, { timeoutDuration: '${args.NOPE}' }))).toMatchObject({ is: 'invalid' })
  })
})

describe('randomSecret', () => {
  const step = node('JobRun', {
    jobId: '${fn.randomSecret(8)}',
    runtimeEnvironment: { S: "${fn.randomSecret(8, 'hex', true)}" },
  })
  const seeds = (run: number, flow: number): RunValues['seeds'] => ({
    run: new Uint8Array(32).fill(run),
    flow: new Uint8Array(32).fill(flow),
  })
  type Spec = { jobId: string; runtimeEnvironment: { S: string } }
  const specOf = (run: number): Spec => (resolveOne(step, { seeds: seeds(run, 9) }) as { spec: Spec }).spec

  test('a retry gives the same value, another run another one, unless it is sticky', () => {
    expect(specOf(1)).toEqual(specOf(1))
    expect(specOf(1).jobId).not.toBe(specOf(2).jobId)
    expect(specOf(1).runtimeEnvironment.S).toBe(specOf(2).runtimeEnvironment.S)
  })

  test('two iterations of a loop get different values', () => {
    const run = new TestRun(sequential(loop([1, 2], [step], 'parallel')))
    run.advance()
    expect(resolveIn(run, '0.0#0.0')).not.toEqual(resolveIn(run, '0.0#1.0'))
  })
})
