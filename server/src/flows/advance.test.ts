import { describe, expect, test } from 'vitest'
import { advance, MAX_ROWS } from './advance.ts'
import { done, failed, type NodeRow, waiting } from './model.ts'
import { rowsOf } from './paths.ts'
import { job, loop, parallel, sequential, TestRun } from './test-run.ts'

describe('sequential', () => {
  test('a step begins only when the one before has succeeded', () => {
    const run = new TestRun(sequential(job(), job()))

    expect(run.advance()).toEqual(['0.0'])
    run.answer('0.0', waiting({ wakeAfterMs: 5 }))
    expect(run.advance()).toEqual(['0.0'])
    run.answer('0.0', done())
    expect(run.advance()).toEqual(['0.1'])
    run.answer('0.1', done())
    expect(run.advance()).toEqual([])
    expect(run.run.status).toBe('success')
  })

  test('a step that failed definitely ends the run at once, with a message that names it', () => {
    const run = new TestRun(sequential(job('migrate'), job()))
    run.advance()
    run.answer('0.0', failed('job_failed', 'exit code 1'))
    run.advance()

    expect(run.run.status).toBe('failure')
    expect(run.message).toBe('"migrate" failed: exit code 1')
    expect(run.statuses()).toEqual({ '0': 'failure', '0.0': 'failure', '0.1': 'waiting' })
  })

  test('an empty workflow is a success', () => {
    const run = new TestRun(sequential(sequential(), parallel()))
    run.advance()
    expect(run.run.status).toBe('success')
  })
})

describe('parallel', () => {
  test('all steps begin together, and the workflow ends when the last one does', () => {
    const run = new TestRun(sequential(parallel(job(), sequential(job(), job())), job()))

    expect(run.advance()).toEqual(['0.0.0', '0.0.1.0'])
    run.answer('0.0.0', done())
    run.answer('0.0.1.0', done())
    expect(run.advance()).toEqual(['0.0.1.1'])
    run.answer('0.0.1.1', done())
    expect(run.advance()).toEqual(['0.1'])
  })

  test('when one fails, the running ones finish, nothing new begins, then the workflow fails', () => {
    const run = new TestRun(sequential(parallel(job('a'), sequential(job('b'), job('c'))), job('d')))
    run.advance()
    run.answer('0.0.0', failed('job_failed', 'no'))

    expect(run.advance()).toEqual(['0.0.1.0'])
    expect(run.run.status).toBe('running')
    run.answer('0.0.1.0', done())
    expect(run.advance()).toEqual([])

    expect(run.run.status).toBe('failure')
    expect(run.statuses()).toMatchObject({
      '0.0': 'failure',
      '0.0.1': 'aborted',
      '0.0.1.1': 'waiting',
      '0.1': 'waiting',
    })
  })
})

describe('skipNodeExecution', () => {
  test('a skipped step counts as passed; a skipped workflow skips what it holds', () => {
    const skipped = { ...sequential(job(), job()), skipNodeExecution: 'true' as const }
    const run = new TestRun(sequential(job(undefined, { skipNodeExecution: true }), skipped, job()))

    expect(run.advance()).toEqual(['0.2'])
    expect(run.statuses()).toMatchObject({ '0.0': 'skipped', '0.1': 'skipped', '0.1.0': 'skipped' })
  })

  test('an expression is left to the engine, and the next step waits for it', () => {
    const dynamic = { ...sequential(job()), skipNodeExecution: '${args.SKIP}' }
    const run = new TestRun(sequential(dynamic, job()), {}, new Set(['0.0']))

    expect(run.plan().actions).toMatchObject([
      { do: 'open', path: '0', resolve: false },
      { do: 'open', path: '0.0', resolve: true },
    ])
    expect(run.advance()).toEqual(['0.1'])
    expect(run.statuses()).toMatchObject({ '0.0': 'skipped', '0.0.0': 'waiting' })
  })
})

describe('loops', () => {
  test('iterations run one after another, each with its item', () => {
    const run = new TestRun(sequential(loop(['eu', 'us'], [job(), job()]), job()))

    expect(run.advance()).toEqual(['0.0#0.0'])
    run.answer('0.0#0.0', done())
    expect(run.advance()).toEqual(['0.0#0.1'])
    run.answer('0.0#0.1', done())
    expect(run.advance()).toEqual(['0.0#1.0'])
    expect(run.row('0.0#1')).toMatchObject({ kind: 'LoopIteration', state: { index: 1, item: 'us' } })
    run.answer('0.0#1.0', done())
    run.advance()
    run.answer('0.0#1.1', done())
    expect(run.advance()).toEqual(['0.1'])
  })

  test('type parallel begins all iterations together', () => {
    const run = new TestRun(sequential(loop([1, 2, 3], [job()], 'parallel')))
    expect(run.advance()).toEqual(['0.0#0.0', '0.0#1.0', '0.0#2.0'])
  })

  test('no item is a success', () => {
    const run = new TestRun(sequential(loop([], [job()])))
    run.advance()
    expect(run.run.status).toBe('success')
  })

  test('loops nest', () => {
    const run = new TestRun(sequential(loop([1, 2], [loop(['x'], [job()])])))
    expect(run.advance()).toEqual(['0.0#0.0#0.0'])
    run.answer('0.0#0.0#0.0', done())
    expect(run.advance()).toEqual(['0.0#1.0#0.0'])
  })

  test('a failed iteration fails the loop, and the next ones do not begin', () => {
    const run = new TestRun(sequential(loop([1, 2], [job()])))
    run.advance()
    run.answer('0.0#0.0', failed('job_failed', 'no'))
    run.advance()
    expect(run.statuses()).toMatchObject({ '0.0': 'failure', '0.0#0': 'failure', '0.0#1': 'waiting' })
    expect(run.run.status).toBe('failure')
  })

  test('nested loops that would make too many rows fail instead', () => {
    const many = Array.from({ length: 500 }, (_, i) => i)
    const run = new TestRun(
      sequential(
        loop(
          many,
          Array.from({ length: MAX_ROWS / 500 }, () => job()),
        ),
      ),
    )
    run.advance()
    expect(run.run.status).toBe('failure')
    expect(run.message).toContain('Loop over fewer items')
  })
})

test('a run that is not under way is left alone', () => {
  for (const status of ['queued', 'pending', 'success', 'failure', 'aborted', 'skipped'] as const) {
    const run = new TestRun(sequential(job()))
    run.run = { status, abortRequested: false }
    expect(run.plan()).toEqual({ actions: [], inFlight: [], wakeAt: null })
  }
})

test('a wide and deep document of 500 steps is advanced by one walk that visits no step twice', () => {
  let reads = 0
  class Counting extends Map<string, NodeRow> {
    override get(path: string) {
      reads += 1
      return super.get(path)
    }
  }
  const root = sequential(
    ...Array.from({ length: 10 }, () => parallel(...Array.from({ length: 49 }, () => job()))),
  )
  const document = { apiVersion: 'v1.2', spec: root } as const
  const rows = new Counting()
  for (const row of rowsOf(document))
    rows.set(row.path, {
      ...{ status: 'success', attempt: 1, input: null, state: null, response: null, error: null },
      ...{ startedAt: null, deadlineAt: null, nextAttemptAt: null, endedAt: null },
      ...row,
    } as NodeRow)
  for (const row of rows.values()) if (row.kind === 'Workflow') row.status = 'running'

  const { actions } = advance(document, rows, { status: 'running', abortRequested: false }, new Date(0))

  expect(actions.at(-1)).toMatchObject({ do: 'finishRun', status: 'success' })
  expect(reads).toBeLessThanOrEqual(rows.size)
})
