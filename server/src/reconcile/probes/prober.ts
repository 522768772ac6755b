import type { HealthCheck } from '@fairway/contract/resources/health-check'
import type { ProbeRecord } from '../../db/instances.ts'
import type { Clock } from '../../lib/clock.ts'
import { DueQueue } from './due-queue.ts'
import { applyAnswer, freshProbe, nextQuestion, type ProbeAnswer, wantsRestart } from './probe-state.ts'

export type ProbeStates = Record<string, ProbeRecord>

/** One attempt of an instance to be probed. `known` is what an earlier control plane learned of this attempt. */
export type ProbeTarget = {
  instance: string
  attempt: number
  startedAt: Date
  checks: readonly HealthCheck[]
  /** Where each probe asks, by its type. */
  addresses: Readonly<Record<string, { host: string; port: number }>>
  known: ProbeStates
}

export type ProberDeps = {
  clock: Clock
  ask(target: ProbeTarget, check: HealthCheck): Promise<ProbeAnswer>
  mask(text: string): string
  /** A probe began or ceased to pass, or asks for a restart. */
  onVerdict(service: string): void
  /** New answers, to be stored now and then. */
  onAnswers(answers: { instance: string; attempt: number; probes: ProbeStates }[]): void
  flushEveryMs?: number
}

export type Prober = {
  /** From now on exactly these instances of the service are probed. */
  follow(service: string, targets: readonly ProbeTarget[]): void
  /** What is known of an attempt; undefined when it is not followed. */
  statesOf(instance: string, attempt: number): ProbeStates | undefined
  follows(service: string): boolean
  stop(): void
}

const CONCURRENCY = 64
const FLUSH_MS = 3000
/** Answers that say the same again are stored this rarely. */
const REPEAT_STORE_MS = 15_000

type Probe = { followed: Followed; check: HealthCheck; asked: number; countedAt: number; counts: boolean }
type Followed = {
  service: string
  target: ProbeTarget
  states: ProbeStates
  storedAt: number
  dirty: boolean
  gone: boolean
}

/** Asks every probe when it is due: one timer for all, a bounded number at once. */
export function startProber(deps: ProberDeps): Prober {
  return new HeapProber(deps)
}

class HeapProber implements Prober {
  readonly #deps: ProberDeps
  readonly #due = new DueQueue<Probe>()
  readonly #services = new Map<string, Map<string, Followed>>()
  readonly #byAttempt = new Map<string, Followed>()
  readonly #flush: NodeJS.Timeout
  #timer: NodeJS.Timeout | undefined
  #asking = 0
  #stopped = false

  constructor(deps: ProberDeps) {
    this.#deps = deps
    this.#flush = setInterval(() => this.#store(), deps.flushEveryMs ?? FLUSH_MS)
    this.#flush.unref()
  }

  follow(service: string, targets: readonly ProbeTarget[]): void {
    const before = this.#services.get(service) ?? new Map<string, Followed>()
    const after = new Map<string, Followed>()
    for (const target of targets) {
      const key = keyOf(target)
      after.set(key, before.get(key) ?? this.#begin(service, target))
    }
    for (const [key, followed] of before) {
      if (after.has(key)) continue
      followed.gone = true
      this.#byAttempt.delete(key)
    }
    if (after.size === 0) this.#services.delete(service)
    else this.#services.set(service, after)
    this.#arm()
  }

  statesOf(instance: string, attempt: number): ProbeStates | undefined {
    return this.#byAttempt.get(keyOf({ instance, attempt }))?.states
  }

  follows(service: string): boolean {
    return this.#services.has(service)
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    clearInterval(this.#flush)
    this.#store()
  }

  #begin(service: string, target: ProbeTarget): Followed {
    const now = this.#deps.clock.now()
    const states = Object.fromEntries(
      target.checks.map(({ type }) => [type, target.known[type] ?? freshProbe(type, now)]),
    )
    const followed = { service, target, states, storedAt: 0, dirty: false, gone: false }
    this.#byAttempt.set(keyOf(target), followed)
    const startup = target.checks.find(({ type }) => type === 'startupProbe')
    const waiting = startup !== undefined && states.startupProbe?.passing !== true
    const first = waiting ? [startup] : target.checks.filter((check) => check !== startup)
    this.#ask(followed, first, target.startedAt.getTime())
    return followed
  }

  #ask(followed: Followed, checks: readonly HealthCheck[], since: number): void {
    const now = this.#deps.clock.now().getTime()
    for (const check of checks) {
      const at = Math.max(now, since + check.initialDelaySeconds * 1000)
      this.#due.push(at, { followed, check, asked: 0, countedAt: at, counts: true })
    }
  }

  #arm(): void {
    clearTimeout(this.#timer)
    const at = this.#due.nextAt
    if (this.#stopped || at === undefined || this.#asking >= CONCURRENCY) return
    this.#timer = setTimeout(() => this.#run(), Math.max(0, at - this.#deps.clock.now().getTime()))
    this.#timer.unref()
  }

  #run(): void {
    const now = this.#deps.clock.now().getTime()
    while (this.#asking < CONCURRENCY) {
      const probe = this.#due.takeDue(now)
      if (probe === undefined) break
      if (probe.followed.gone) continue
      this.#asking += 1
      void this.#askOne(probe)
    }
    this.#arm()
  }

  async #askOne(probe: Probe): Promise<void> {
    const { followed, check } = probe
    const began = this.#deps.clock.now().getTime()
    const answer = await this.#deps
      .ask(followed.target, check)
      .catch((error: unknown): ProbeAnswer => ({ ok: false, latencyMs: 0, response: String(error) }))
    this.#asking -= 1
    if (this.#stopped) return
    if (!followed.gone) this.#take(probe, { ...answer, response: this.#deps.mask(answer.response) }, began)
    this.#arm()
  }

  #take(probe: Probe, answer: ProbeAnswer, began: number): void {
    const { followed, check } = probe
    const now = this.#deps.clock.now()
    const before = followed.states[check.type] ?? freshProbe(check.type, now)
    const after = applyAnswer(before, answer, check, { now, counts: probe.counts })
    followed.states = { ...followed.states, [check.type]: after }
    followed.dirty = true
    const countedAt = probe.counts ? began : probe.countedAt
    const asked = probe.asked + 1
    if (check.type !== 'startupProbe' || !after.passing) {
      const next = nextQuestion(check, after, { asked, sinceCountedMs: began - countedAt })
      this.#due.push(began + next.afterMs, { followed, check, asked, countedAt, counts: next.counts })
    } else {
      const others = followed.target.checks.filter(({ type }) => type !== 'startupProbe')
      this.#ask(followed, others, followed.target.startedAt.getTime())
    }
    if (after.passing === before.passing && wantsRestart(check, before) === wantsRestart(check, after)) return
    followed.storedAt = 0
    this.#deps.onVerdict(followed.service)
  }

  #store(): void {
    const now = this.#deps.clock.now().getTime()
    const due = [...this.#byAttempt.values()].filter(
      ({ dirty, storedAt, states }) =>
        dirty && (now - storedAt >= REPEAT_STORE_MS || Object.values(states).some(({ passing }) => !passing)),
    )
    for (const followed of due) {
      followed.dirty = false
      followed.storedAt = now
    }
    if (due.length === 0) return
    this.#deps.onAnswers(
      due.map(({ target: { instance, attempt }, states }) => ({ instance, attempt, probes: states })),
    )
  }
}

const keyOf = ({ instance, attempt }: { instance: string; attempt: number }): string =>
  `${instance}.${attempt}`
