import { setTimeout as delay } from 'node:timers/promises'

const EVERY_MS = 20

/** For tests: asks until the answer is neither false nor undefined; throws after `ms`, saying for what it waited. */
export async function until<T>(
  what: string,
  look: () => Promise<T | false | undefined> | T | false | undefined,
  ms = 60_000,
): Promise<T> {
  const deadline = performance.now() + ms
  for (;;) {
    const found = await look()
    if (found !== false && found !== undefined) return found
    if (performance.now() > deadline) throw new Error(`waited ${ms} ms in vain for ${what}`)
    await delay(EVERY_MS)
  }
}
