/** Lets a pass that waits for the probes of a service go on at the moment one of them decides. */
export type Verdicts = {
  /** How many there were. */
  count(service: string): number
  tell(service: string): void
  /** Resolves when there are more than `since`, when `ms` have passed, or when the signal aborts. */
  next(service: string, since: number, until: { ms: number; signal: AbortSignal }): Promise<void>
}

export function createVerdicts(): Verdicts {
  const counts = new Map<string, number>()
  const waiting = new Map<string, Set<() => void>>()
  const count = (service: string): number => counts.get(service) ?? 0
  return {
    count,
    tell: (service) => {
      counts.set(service, count(service) + 1)
      for (const wake of waiting.get(service) ?? []) wake()
    },
    next: (service, since, { ms, signal }) => {
      if (count(service) > since || signal.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        const all = waiting.get(service) ?? new Set()
        const done = (): void => {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          all.delete(done)
          if (all.size === 0) waiting.delete(service)
          resolve()
        }
        const timer = setTimeout(done, ms)
        signal.addEventListener('abort', done, { once: true })
        waiting.set(service, all.add(done))
      })
    },
  }
}
