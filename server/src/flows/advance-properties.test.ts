import type { FlowNode, WorkflowNode } from '@fairway/contract/nodes/kinds'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Action, NodeRow, Outcome } from './model.ts'
import { nodeAt } from './paths.ts'
import { TestRun } from './test-run.ts'

/** Random documents: workflows and loops in each other, with skips, deadlines and retries of their own. */
const extras = fc.record(
  {
    skipNodeExecution: fc.constantFrom<boolean | string>(true, false, '${args.SKIP}'),
    timeoutDuration: fc.integer({ min: 5, max: 200 }),
    settings: fc.record({ maxAttempts: fc.integer({ min: 1, max: 3 }) }),
  },
  { requiredKeys: [] },
)

const rarely = <T extends object>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant({} as Partial<T>) }, { weight: 1, arbitrary })

const { node } = fc.letrec<{ node: FlowNode; step: FlowNode; workflow: WorkflowNode; loop: FlowNode }>(
  (tie) => ({
    node: fc.oneof({ maxDepth: 4, depthIdentifier: 'flow' }, tie('step'), tie('workflow'), tie('loop')),
    step: rarely(extras).map((extra) => ({ kind: 'JobRun', spec: { jobId: 'a' }, ...extra }) as FlowNode),
    workflow: fc
      .tuple(
        fc.constantFrom('sequential', 'parallel'),
        fc.array(tie('node'), { maxLength: 4, depthIdentifier: 'flow' }),
        rarely(extras),
      )
      .map(([type, steps, extra]) => ({ kind: 'Workflow', spec: { type, steps }, ...extra }) as WorkflowNode),
    loop: fc
      .tuple(
        fc.constantFrom('sequential', 'parallel', undefined),
        fc.integer({ min: 0, max: 3 }),
        fc.array(tie('node'), { maxLength: 2, depthIdentifier: 'flow' }),
        rarely(extras),
      )
      .map(
        ([type, count, steps, extra]) =>
          ({
            kind: 'LoopWorkflow',
            spec: { type, iterations: Array.from({ length: count }, (_, i) => i), steps },
            ...extra,
          }) as FlowNode,
      ),
  }),
)

const root = fc
  .tuple(fc.constantFrom('sequential', 'parallel'), fc.array(node, { maxLength: 5 }))
  .map(([type, steps]) => ({ kind: 'Workflow', spec: { type, steps } }) as WorkflowNode)

const outcomes: Outcome[] = [
  { is: 'done', data: { id: 1 } },
  { is: 'done', data: {} },
  { is: 'done', data: {} },
  { is: 'waiting', wakeAfterMs: 1000, as: 'async_wait' },
  { is: 'waiting', wakeAfterMs: 1000, as: 'approval_wait' },
  { is: 'failed', error: { code: 'job_failed', message: 'no' } },
  { is: 'skipped', reason: 'nothing to do' },
  { is: 'threw', error: { code: 'internal', message: 'oops' } },
]
const cancels: Outcome[] = [
  { is: 'ended' },
  { is: 'ending', wakeAfterMs: 1000 },
  { is: 'threw', error: { code: 'internal', message: 'oops' } },
]

/** What chance decides while a run goes on. */
type Luck = { pick(count: number): number }

const luck = fc.infiniteStream(fc.nat(1_000_000)).map(
  (stream): Luck => ({
    pick: (count) => (stream.next().value as number) % count,
  }),
)

const scenario = fc.record({
  root,
  luck,
  abortAfter: fc.oneof({ weight: 3, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.nat(12) }),
  retries: fc.nat(2),
})

const ENDED = new Set(['success', 'failure', 'aborted', 'skipped'])

/** Drives a run to its end, calling `look` before every pass. */
function drive(run: TestRun, chance: Luck, abortAfter: number, look: (run: TestRun) => void): void {
  for (let step = 0; step < 2000; step += 1) {
    if (step === abortAfter) run.run = { ...run.run, abortRequested: true }
    look(run)
    const inFlight = run.advance()
    if (ENDED.has(run.run.status)) return
    if (inFlight.length === 0 || chance.pick(4) === 0) sleep(run)
    else answerOne(run, inFlight, chance)
  }
  throw new Error(`the run did not end: ${JSON.stringify(run.statuses())}`)
}

function answerOne(run: TestRun, inFlight: readonly string[], chance: Luck): void {
  const path = inFlight[chance.pick(inFlight.length)] as string
  const choices = choicesAt(run.row(path).status)
  run.answer(path, choices[chance.pick(choices.length)] as Outcome)
}

/** A step that a person is asked about cannot turn out to have nothing to do. */
function choicesAt(status: NodeRow['status']): readonly Outcome[] {
  if (status === 'aborting') return cancels
  return status === 'approval_wait' ? outcomes.filter(({ is }) => is !== 'skipped') : outcomes
}

function sleep(run: TestRun): void {
  const { wakeAt, inFlight } = run.plan()
  if (wakeAt === null && inFlight.length === 0)
    throw new Error('nothing is in flight and nothing will wake it')
  run.now = new Date(Math.max(run.now.getTime() + 500, wakeAt?.getTime() ?? 0))
}

const runs = 400
const check = (body: (s: typeof scenario extends fc.Arbitrary<infer T> ? T : never) => void): void => {
  fc.assert(fc.property(scenario, body), { numRuns: runs })
}
const begun = ({ action }: { action: Action }): boolean => action.do === 'start' || action.do === 'open'

test('every run ends, whatever its steps answer, and no row or run makes a move that the tables lack', () => {
  check(({ root: spec, luck: chance, abortAfter, retries }) => {
    const run = newRun(spec, chance)
    for (let again = 0; again <= retries; again += 1) {
      drive(run, chance, again === 0 ? abortAfter : -1, () => undefined)
      if (run.run.status !== 'failure') return
      run.retryFailed()
    }
  })
})

test('a sequential step never begins before the one before it succeeded or was skipped', () => {
  check(({ root: spec, luck: chance, abortAfter }) => {
    const run = newRun(spec, chance)
    drive(run, chance, abortAfter, () => undefined)
    for (const row of run.rows.values()) {
      if (!hasBegun(row)) continue
      const before = rowBefore(run, row)
      if (before !== undefined) expect(['success', 'skipped']).toContain(before.status)
    }
  })
})

test('no step begins twice in a run, except as an attempt that its rule allows', () => {
  check(({ root: spec, luck: chance, abortAfter }) => {
    const run = newRun(spec, chance)
    drive(run, chance, abortAfter, () => undefined)
    const starts = run.log.filter(begun).map(({ action }) => (action as { path: string }).path)
    expect(new Set(starts).size).toBe(starts.length)
    for (const row of run.rows.values()) expect(row.attempt).toBeLessThanOrEqual(attemptsOf(run, row.path))
  })
})

test('a failed step fails everything that holds it, and a failure never ends as success', () => {
  check(({ root: spec, luck: chance }) => {
    const run = newRun(spec, chance)
    drive(run, chance, -1, () => undefined)
    const failures = [...run.rows.values()].filter((row) => row.status === 'failure')
    for (const row of failures)
      for (const parent of parentsOf(row.path)) expect(run.row(parent).status).toBe('failure')
    expect(run.run.status).toBe(failures.length > 0 ? 'failure' : 'success')
    expect(run.message === null).toBe(run.run.status === 'success')
  })
})

test('nothing begins once a step has failed or an abort was asked for', () => {
  check(({ root: spec, luck: chance, abortAfter }) => {
    const run = newRun(spec, chance)
    drive(run, chance, abortAfter, (at) => {
      const over = at.run.abortRequested || [...at.rows.values()].some((row) => row.status === 'failure')
      const actions = at.plan().actions.map((action) => action.do)
      if (over) expect(actions).not.toContain('start')
      if (over) expect(actions).not.toContain('expand')
      if (at.run.abortRequested) expect(actions).not.toContain('retry')
    })
  })
})

test('an aborted run ends only when every step has ended, and leaves none waiting beneath what it stopped', () => {
  check(({ root: spec, luck: chance, abortAfter }) => {
    const run = newRun(spec, chance)
    drive(run, chance, Math.max(abortAfter, 0), () => undefined)
    if (run.run.status !== 'aborted') return
    const failed = [...run.rows.values()].some((row) => row.status === 'failure' || row.status === 'skipped')
    for (const { status } of run.rows.values())
      expect(failed ? [...ENDED, 'waiting'] : [...ENDED]).toContain(status)
  })
})

test('advance changes nothing itself: on the same rows it says the same again', () => {
  check(({ root: spec, luck: chance, abortAfter }) => {
    const run = newRun(spec, chance)
    drive(run, chance, abortAfter, (at) => {
      const before = structuredClone([...at.rows.values()])
      expect(at.plan()).toEqual(at.plan())
      expect([...at.rows.values()]).toEqual(before)
    })
  })
})

test('after its actions are applied, advance has nothing more to say until something changes', () => {
  check(({ root: spec, luck: chance, abortAfter }) => {
    const run = newRun(spec, chance)
    drive(run, chance, abortAfter, (at) => {
      at.advance()
      expect(at.plan().actions).toEqual([])
    })
  })
})

function newRun(spec: WorkflowNode, chance: Luck): TestRun {
  const candidates = new TestRun(spec)
  const skips = new Set([...candidates.rows.keys()].filter(() => chance.pick(3) === 0))
  return new TestRun(spec, {}, new Set([...skips].filter((path) => isDynamic(candidates, path))))
}

const isDynamic = (run: TestRun, path: string): boolean =>
  typeof nodeAt(run.document, path)?.skipNodeExecution === 'string'

const hasBegun = (row: NodeRow): boolean => row.startedAt !== null

const parentsOf = (path: string): string[] => {
  const parents: string[] = []
  for (let at = path; at !== '0'; ) {
    at = at.slice(0, Math.max(at.lastIndexOf('.'), at.lastIndexOf('#')))
    parents.push(at)
  }
  return parents
}

/** The row that must be over before this one: the step or iteration before it, in a sequential container. */
function rowBefore(run: TestRun, row: NodeRow): NodeRow | undefined {
  const cut = Math.max(row.path.lastIndexOf('.'), row.path.lastIndexOf('#'))
  const index = Number(row.path.slice(cut + 1))
  if (cut < 0 || index === 0) return undefined
  const parent = row.path.slice(0, cut)
  const { type: own } = nodeAt(run.document, parent)!.spec as { type?: string }
  const isStep = row.path[cut] === '.'
  const inLoopBody = isStep && run.row(parent).kind === 'LoopIteration'
  const type = inLoopBody ? 'sequential' : own
  return type === 'parallel' ? undefined : run.row(`${parent}${row.path[cut]}${index - 1}`)
}

const attemptsOf = (run: TestRun, path: string): number =>
  nodeAt(run.document, path)?.settings?.maxAttempts ?? 3
