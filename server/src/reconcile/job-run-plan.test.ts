import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type PlannedRun, planJobRun, type SeenAttempt } from './job-run-plan.ts'

const at = (seconds: number): Date => new Date(Date.UTC(2030, 0, 1) + seconds * 1000)
const backoff = { baseMs: 10_000, maxMs: 60_000 }
const running = { state: 'running' } as const
const exited = (exitCode: number, seconds = 0) =>
  ({ state: 'exited', exitCode, exitedAt: at(seconds) }) as const

const run = (change: Partial<PlannedRun> = {}): PlannedRun => ({
  status: 'RUNNING',
  attempt: 1,
  failed: 0,
  backoffLimit: 0,
  deadlineAt: null,
  nextAttemptAt: null,
  blocked: false,
  ...change,
})
const plan = (change: Partial<PlannedRun>, seen?: SeenAttempt, now = 0) =>
  planJobRun(run(change), seen, at(now), backoff)

describe('the next step of a run', () => {
  const late = { deadlineAt: at(5) }
  it.each([
    ['one that waits begins', { status: 'QUEUED', attempt: 0 }, undefined, 0, { do: 'begin' }],
    [
      'one that replaces another waits for it',
      { status: 'QUEUED', blocked: true },
      undefined,
      0,
      { do: 'wait' },
    ],
    ['an attempt is named before it is started', { attempt: 0 }, undefined, 0, { do: 'attempt', attempt: 1 }],
    ['a named attempt is started', {}, undefined, 0, { do: 'start' }],
    ['one that runs is waited for', {}, running, 0, { do: 'wait', until: null }],
    ['one with a deadline is waited for until then', late, running, 0, { do: 'wait', until: at(5) }],
    ['exit code 0 is success', {}, exited(0), 0, { do: 'conclude', status: 'SUCCESS' }],
    ['another code fails', {}, exited(3), 0, { do: 'conclude', status: 'FAILED', failed: 1 }],
    [
      'with retries left it pauses',
      { backoffLimit: 1 },
      exited(3),
      0,
      { do: 'retry', failed: 1, at: at(10) },
    ],
    [
      'longer each time',
      { backoffLimit: 9, attempt: 3, failed: 2 },
      exited(3),
      0,
      { do: 'retry', at: at(40) },
    ],
    [
      'up to a limit',
      { backoffLimit: 99, attempt: 30, failed: 29 },
      exited(3),
      0,
      { do: 'retry', at: at(60) },
    ],
    ['the pause is kept', { failed: 1, nextAttemptAt: at(9) }, undefined, 0, { do: 'wait', until: at(9) }],
    ['then the next', { failed: 1, nextAttemptAt: at(9) }, undefined, 9, { do: 'attempt', attempt: 2 }],
    ['the deadline stops it', late, running, 5, { do: 'stop' }],
    ['and fails it', late, exited(0, 6), 6, { do: 'conclude', status: 'FAILED', late: true }],
    ['and beats retries', { ...late, backoffLimit: 9 }, exited(1, 6), 6, { do: 'conclude', late: true }],
    [
      'and pauses',
      { ...late, failed: 1, nextAttemptAt: at(9) },
      undefined,
      5,
      { do: 'conclude', late: true },
    ],
    ['done in time, noticed late, is done', late, exited(0, 4), 90, { do: 'conclude', status: 'SUCCESS' }],
    ['an abort stops what runs', { status: 'ABORTING' }, running, 0, { do: 'stop' }],
    [
      'and ends when it is gone',
      { status: 'ABORTING' },
      exited(143),
      0,
      { do: 'conclude', status: 'ABORTED' },
    ],
    ['one that is over rests', { status: 'FAILED' }, undefined, 0, { do: 'rest' }],
  ] as const)('%s', (...[, change, seen, now, action]) => {
    expect(plan(change as Partial<PlannedRun>, seen, now)).toMatchObject(action)
  })

  it('leads every run to an end, with one attempt at a time, none twice, and none after an abort or the deadline', () => {
    const often = fc.option(fc.integer({ min: 1, max: 120 }))
    const life = fc.record({ lasts: fc.integer({ min: 1, max: 60 }), code: fc.integer({ min: 0, max: 2 }) })
    const fate = fc.record({
      lives: fc.array(life, { minLength: 6, maxLength: 6 }),
      limit: fc.nat(5),
      deadline: often,
      abortAt: often,
      kills: fc.array(fc.boolean()),
    })
    fc.assert(
      fc.property(fate, (given) => {
        const world = new World(given)
        world.live()
        expect(world.started).toEqual([...new Set(world.started)])
        expect(world.started.length).toBeLessThanOrEqual(given.limit + 1)
        if (world.run.status === 'SUCCESS') expect(world.lastCode).toBe(0)
        if (world.run.status === 'FAILED' && given.deadline === null)
          expect(world.started).toHaveLength(given.limit + 1)
      }),
      { numRuns: 500 },
    )
  })
})

type Fate = {
  lives: { lasts: number; code: number }[]
  limit: number
  deadline: number | null
  abortAt: number | null
  kills: boolean[]
}

/** Performs what is planned, one second a step; a killed server forgets whether it performed. */
class World {
  readonly run = run({ status: 'QUEUED', attempt: 0 })
  readonly started: number[] = []
  lastCode: number | undefined
  #seen: SeenAttempt
  #endsAt = 0
  #now = 0
  readonly #fate: Fate

  constructor(fate: Fate) {
    this.#fate = fate
    this.run.backoffLimit = fate.limit
  }

  live(): void {
    while (!['SUCCESS', 'FAILED', 'ABORTED'].includes(this.run.status)) {
      if (this.#now > 2000) throw new Error('the run does not end')
      this.#pass()
    }
    expect(this.#seen?.state).not.toBe('running')
  }

  #pass(): void {
    this.#now += 1
    if (this.#seen?.state === 'running' && this.#now >= this.#endsAt) this.#exit(this.#life().code)
    if (this.#fate.abortAt === this.#now)
      this.run.status = this.run.status === 'QUEUED' ? 'ABORTED' : 'ABORTING'
    const action = planJobRun(this.run, this.#seen, at(this.#now), backoff)
    // Killed before it acted: the same is planned again.
    if (this.#fate.kills.pop()) return
    if (action.do === 'begin') {
      this.run.status = 'RUNNING'
      this.run.deadlineAt = this.#fate.deadline === null ? null : at(this.#now + this.#fate.deadline)
    }
    if (action.do === 'attempt') {
      expect(this.#seen?.state).not.toBe('running')
      Object.assign(this.run, { attempt: action.attempt, nextAttemptAt: null })
      this.#seen = undefined
    }
    if (action.do === 'start') {
      expect(this.run.status).toBe('RUNNING')
      this.started.push(this.run.attempt)
      this.#seen = running
      this.#endsAt = this.#now + this.#life().lasts
    }
    if (action.do === 'stop') this.#exit(143)
    if (action.do === 'retry') Object.assign(this.run, { failed: action.failed, nextAttemptAt: action.at })
    if (action.do === 'conclude') Object.assign(this.run, { status: action.status, failed: action.failed })
  }

  #life = () => this.#fate.lives[this.run.attempt - 1]!

  #exit(code: number): void {
    this.lastCode = code
    this.#seen = exited(code, this.#now)
  }
}
