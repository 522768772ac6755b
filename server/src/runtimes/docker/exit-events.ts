import { setTimeout as pause } from 'node:timers/promises'
import type { Engine } from '../../lib/docker/engine.ts'
import { hasCode } from '../../lib/has-code.ts'
import { filterOf, instanceOf } from './labels.ts'

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000

type Event = { Action?: string; Actor?: { Attributes?: Record<string, string> } }

/**
 * Tells of every exit once, soon: from the engine's events, and from a look at everything whenever their stream was
 * (re)opened, because what ended meanwhile sent its event to nobody. It outlives restarts of the engine.
 */
export class ExitEvents {
  readonly #engine: Engine
  readonly #installation: string
  readonly #tell: (id: string) => void
  readonly #closing = new AbortController()
  readonly #told = new Set<string>()
  readonly #running: Promise<void>

  constructor(engine: Engine, installation: string, tell: (id: string) => void) {
    this.#engine = engine
    this.#installation = installation
    this.#tell = tell
    this.#running = this.#run()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    let wait = FIRST_PAUSE_MS
    while (!this.#closing.signal.aborted) {
      try {
        await this.#listen(() => {
          wait = FIRST_PAUSE_MS
        })
      } catch {
        // The engine is down, restarts, or broke the stream off: the next look tells what was missed.
        wait = Math.min(wait * 2, LONGEST_PAUSE_MS)
      }
      await this.#pause(wait)
    }
  }

  async #pause(ms: number): Promise<void> {
    try {
      await pause(ms, undefined, { signal: this.#closing.signal })
    } catch (error) {
      if (!hasCode(error, 'ABORT_ERR')) throw error
    }
  }

  async #listen(opened: () => void): Promise<void> {
    const { label } = filterOf(this.#installation)
    const stream = await this.#engine.getEvents({
      filters: { type: ['container'], event: ['die', 'destroy'], label },
      abortSignal: this.#closing.signal,
    })
    opened()
    const looked = this.#look()
    let rest = ''
    for await (const chunk of stream) {
      const lines = (rest + String(chunk)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line !== '') this.#heard(JSON.parse(line) as Event)
    }
    await looked
  }

  async #look(): Promise<void> {
    const ended = await this.#engine.listContainers({
      all: true,
      filters: { ...filterOf(this.#installation), status: ['exited', 'dead'] },
    })
    for (const { Labels } of ended) this.#ended(instanceOf(Labels))
  }

  /** An id is never used again, so what was told of it is kept only while the engine knows it. */
  #heard({ Action, Actor }: Event): void {
    const id = instanceOf(Actor?.Attributes ?? {})
    if (Action === 'destroy') this.#told.delete(id)
    else this.#ended(id)
  }

  #ended(id: string): void {
    if (id === '' || this.#told.has(id)) return
    this.#told.add(id)
    this.#tell(id)
  }
}
