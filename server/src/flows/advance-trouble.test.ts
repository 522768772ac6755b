import { describe, expect, test } from 'vitest'
import { done, failed, waiting } from './model.ts'
import { job, loop, parallel, sequential, TestRun } from './test-run.ts'

const threw = { is: 'threw', error: { code: 'internal', message: 'the disk is gone' } } as const
const started = (run: TestRun): string[] =>
  run.log.flatMap(({ action }) => (action.do === 'start' || action.do === 'retry' ? [action.path] : []))

describe('retry', () => {
  test('an unexpected error is tried three times, 60 s apart, then fails', () => {
    const run = new TestRun(sequential(job('a')))
    for (const attempt of [1, 2, 3]) {
      expect(run.advance()).toEqual(['0.0'])
      expect(run.row('0.0').attempt).toBe(attempt)
      run.answer('0.0', threw)
      expect(run.advance()).toEqual([])
      if (attempt < 3) {
        expect(run.plan().wakeAt).toEqual(new Date(run.now.getTime() + 60_000))
        run.later(59)
        expect(run.advance()).toEqual([])
        run.later(1)
      }
    }
    expect(run.run.status).toBe('failure')
    expect(run.message).toBe('"a" failed: the disk is gone')
  })

  test('attempts and delay are settable for the flow and for the step, the step winning', () => {
    const own = job('a', { settings: { maxAttempts: 1 } })
    const run = new TestRun(sequential(parallel(own, job('b'))), {
      settings: { maxAttempts: 2, backoff: { type: 'fixed', delay: 5 } },
    })
    run.advance()
    run.answer('0.0.0', threw)
    run.answer('0.0.1', threw)
    run.advance()
    expect(run.statuses()).toMatchObject({ '0.0.0': 'failure', '0.0.1': 'retrying' })
    run.later(5)
    expect(run.advance()).toEqual(['0.0.1'])
  })

  test('each attempt has the whole time, and a definite failure is never retried', () => {
    const run = new TestRun(sequential(job('a', { timeoutDuration: 90 })))
    run.advance()
    run.later(80)
    run.answer('0.0', threw)
    run.advance()
    run.later(60)
    expect(run.advance()).toEqual(['0.0'])
    expect(run.row('0.0').deadlineAt).toEqual(new Date(run.now.getTime() + 90_000))
    run.answer('0.0', failed('job_failed', 'no'))
    run.advance()
    expect(run.row('0.0')).toMatchObject({ status: 'failure', attempt: 2 })
  })

  test('a retry from the failed step repeats only what failed and what never began', () => {
    const run = new TestRun(sequential(job(), parallel(job(), sequential(job(), job())), job()))
    run.advance()
    run.answer('0.0', done({ id: 1 }))
    run.advance()
    run.answer('0.1.0', failed('job_failed', 'no'))
    run.answer('0.1.1.0', done())
    run.advance()
    expect(run.run.status).toBe('failure')

    run.retryFailed()
    expect(run.advance()).toEqual(['0.1.0', '0.1.1.1'])
    run.answer('0.1.0', done())
    run.answer('0.1.1.1', done())
    expect(run.advance()).toEqual(['0.2'])
    run.answer('0.2', done())
    run.advance()
    expect(run.run.status).toBe('success')
    expect(started(run)).toEqual(['0.0', '0.1.0', '0.1.1.0', '0.1.0', '0.1.1.1', '0.2'])
  })

  test('a retried loop goes on at the iteration that failed, with the items it had', () => {
    const run = new TestRun(sequential(loop([1, 2], [job()])))
    run.advance()
    run.answer('0.0#0.0', done())
    run.advance()
    run.answer('0.0#1.0', failed('job_failed', 'no'))
    run.advance()
    run.retryFailed()
    expect(run.plan().actions).not.toContainEqual(expect.objectContaining({ resolve: true }))
    expect(run.advance()).toEqual(['0.0#1.0'])
  })
})

describe('deadlines', () => {
  test('a step out of time is cancelled, and fails once its cancel has ended', () => {
    const run = new TestRun(sequential(parallel(job('slow', { timeoutDuration: 30 }), job())))
    run.advance()
    expect(run.plan().wakeAt).toEqual(new Date(run.now.getTime() + 30_000))
    run.answer('0.0.1', done())
    run.later(30)

    expect(run.advance()).toEqual(['0.0.0'])
    expect(run.row('0.0.0').status).toBe('aborting')
    run.answer('0.0.0', { is: 'ending', wakeAfterMs: 100 })
    expect(run.advance()).toEqual(['0.0.0'])
    run.answer('0.0.0', { is: 'ended' })
    run.advance()

    expect(run.row('0.0.0')).toMatchObject({ status: 'failure', error: { code: 'timed_out' } })
    expect(run.run.status).toBe('failure')
  })

  test('a cancel that never ends is given up', () => {
    const run = new TestRun(sequential(job('slow', { timeoutDuration: 30 })))
    run.advance()
    run.later(30)
    run.advance()
    run.later(600)
    run.advance()
    expect(run.row('0.0')).toMatchObject({ status: 'failure', error: { code: 'timed_out' } })
    expect(run.run.status).toBe('failure')
  })

  test('a step in time beyond its deadline starts nothing beside it', () => {
    const run = new TestRun(
      sequential(parallel(job('slow', { timeoutDuration: 30 }), sequential(job(), job()))),
    )
    run.advance()
    run.later(30)
    run.answer('0.0.1.0', done())
    run.advance()
    expect(run.statuses()).toMatchObject({ '0.0.0': 'aborting', '0.0.1.1': 'waiting' })
  })

  test('a workflow out of time stops what it holds and fails as timed out', () => {
    const inner = { ...sequential(job(), job()), timeoutDuration: 60 }
    const run = new TestRun(sequential(inner, job()))
    run.advance()
    expect(run.plan().wakeAt).toEqual(new Date(run.now.getTime() + 60_000))
    run.later(60)
    expect(run.advance()).toEqual(['0.0.0'])
    run.answer('0.0.0', { is: 'ended' })
    run.advance()
    expect(run.statuses()).toMatchObject({ '0.0.0': 'aborted', '0.0': 'failure', '0.1': 'waiting' })
    expect(run.row('0.0').error?.code).toBe('timed_out')
  })
})

describe('abort', () => {
  test('what waits is dropped, what runs is cancelled, and the run is aborted only when all have ended', () => {
    const run = new TestRun(sequential(parallel(job(), job()), job(), loop([1], [job()])))
    run.advance()
    run.answer('0.0.0', waiting({ wakeAfterMs: 10, as: 'approval_wait' }))
    run.run = { status: 'running', abortRequested: true }

    expect(run.advance()).toEqual(['0.0.0', '0.0.1'])
    expect(run.run.status).toBe('aborting')
    expect(run.statuses()).toMatchObject({ '0.0.0': 'aborting', '0.1': 'aborted', '0.2': 'aborted' })
    run.answer('0.0.0', { is: 'ended' })
    run.advance()
    expect(run.run.status).toBe('aborting')
    run.answer('0.0.1', done())
    run.advance()
    expect(run.run.status).toBe('aborted')
    expect(run.statuses()).toMatchObject({ '0': 'aborted', '0.0.0': 'aborted', '0.0.1': 'success' })
  })

  test('a step that waits for its next attempt is cancelled too', () => {
    const run = new TestRun(sequential(job()))
    run.advance()
    run.answer('0.0', threw)
    run.advance()
    run.run = { status: 'running', abortRequested: true }
    expect(run.advance()).toEqual(['0.0'])
    expect(run.row('0.0')).toMatchObject({ status: 'aborting', error: null })
  })

  test('an abort that comes after everything succeeded changes nothing', () => {
    const run = new TestRun(sequential(job()))
    run.advance()
    run.answer('0.0', done())
    run.run = { status: 'running', abortRequested: true }
    run.advance()
    expect(run.run.status).toBe('success')
  })
})
