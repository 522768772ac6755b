/** The time, injected so that decisions and tests own it. */
export type Clock = { now(): Date }

export const systemClock: Clock = { now: () => new Date() }
