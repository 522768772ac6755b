/** How often what changes without an event is read again: answers of probes, say. */
export const LIVE_MS = 2_000
