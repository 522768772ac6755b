/** The commands that run beside instances: what is not in an instance's own session or groups ends with it by this. */
export class CommandsBeside {
  readonly #running = new Map<string, Set<AbortController>>()

  /** `signal` aborts when the instance ends; `done` when the command has. */
  begin(id: string): { signal: AbortSignal; done(): void } {
    const ending = new AbortController()
    const all = this.#running.get(id) ?? new Set()
    this.#running.set(id, all.add(ending))
    const done = (): void => {
      all.delete(ending)
      if (all.size === 0) this.#running.delete(id)
    }
    return { signal: ending.signal, done }
  }

  endAll(id: string): void {
    for (const ending of this.#running.get(id) ?? []) ending.abort()
  }
}
