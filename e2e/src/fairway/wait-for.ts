import { setTimeout as pause } from 'node:timers/promises'

/** Asks again and again until the answer is neither undefined nor false; throws after the deadline, saying for what. */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  { deadlineMs = 30_000, everyMs = 50 } = {},
): Promise<T> {
  const until = performance.now() + deadlineMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > until) throw new Error(`waited ${deadlineMs} ms in vain for: ${what}`)
    await pause(everyMs)
  }
}
