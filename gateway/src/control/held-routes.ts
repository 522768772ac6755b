/**
 * What the gateway holds: checked, on disk, and served by every worker, in this order, before it is acknowledged.
 * Changes of one service happen one after the other.
 */
import { isDeepStrictEqual } from 'node:util'
import { FairwayError } from '@fairway/contract/errors'
import { type ServiceRoutes, serviceRoutes } from '@fairway/contract/gateway'
import { type DamagedFile, forgetRoutes, loadRoutes, storeRoutes } from './route-store.ts'
import type { WorkerPool } from './worker-pool.ts'

export class HeldRoutes {
  readonly #folder: string
  readonly #services = new Map<string, ServiceRoutes>()
  readonly #turns = new Map<string, Promise<unknown>>()
  damaged: DamagedFile[] = []

  constructor(folder: string) {
    this.#folder = folder
  }

  async load(): Promise<void> {
    const { services, damaged } = await loadRoutes(this.#folder)
    this.damaged = damaged
    this.#services.clear()
    for (const routes of services) this.#services.set(routes.key, routes)
  }

  get(key: string): ServiceRoutes | undefined {
    return this.#services.get(key)
  }

  all(): ServiceRoutes[] {
    return [...this.#services.values()]
  }

  /** `conflict` for a generation older than the one held, `invalid_document` for a body that is no route set. */
  apply(key: string, body: unknown, workers: WorkerPool): Promise<ServiceRoutes> {
    const routes = readRoutes(key, body)
    return this.#inTurn(key, async () => {
      refuseOlder(this.#services.get(key), routes)
      await storeRoutes(this.#folder, routes)
      this.#services.set(key, routes)
      await workers.apply(routes)
      return routes
    })
  }

  remove(key: string, workers: WorkerPool): Promise<void> {
    return this.#inTurn(key, async () => {
      await forgetRoutes(this.#folder, key)
      this.#services.delete(key)
      await workers.remove(key)
    })
  }

  /** Resolves when no change is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#turns.values())
  }

  async #inTurn<T>(key: string, change: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(key) ?? Promise.resolve()
    // A change that failed was answered to whoever asked for it; the next one starts fresh.
    const mine = before.then(change, change)
    this.#turns.set(key, mine)
    try {
      return await mine
    } finally {
      if (this.#turns.get(key) === mine) this.#turns.delete(key)
    }
  }
}

function readRoutes(key: string, body: unknown): ServiceRoutes {
  const parsed = serviceRoutes.safeParse(body)
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => ({
      field: issue.path.join('.'),
      rule: issue.message,
    }))
    throw new FairwayError('invalid_document', 'These are no routes: correct the fields named.', { problems })
  }
  if (parsed.data.key !== key)
    throw new FairwayError('invalid_document', 'The key in the path and in the body differ.')
  return parsed.data
}

function refuseOlder(held: ServiceRoutes | undefined, next: ServiceRoutes): void {
  if (held === undefined || next.generation > held.generation) return
  if (next.generation === held.generation && isDeepStrictEqual(held, next)) return
  throw new FairwayError(
    'conflict',
    `The gateway holds generation ${held.generation} of ${next.key}; apply a newer one.`,
    { data: { held: held.generation } },
  )
}
