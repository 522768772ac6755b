import type { Adapters } from './app-adapters.ts'

/** Which addons can be run here, as their engines say. */
export const offersOf = (engines: Adapters['engines']) =>
  Promise.all(
    [...engines.values()].map(async (engine) => ({
      type: engine.type,
      tls: engine.tls ?? false,
      versions: await engine.versions(),
    })),
  )
