import { createServer } from 'node:net'
import { FairwayError } from '@fairway/contract/errors'

/** Below the range that the kernel hands out by itself, so that nobody takes a port between our look and its use. */
const FIRST = 20_000
const LAST = 29_999

/** Picks ports for instances; no two instances of this runtime ever hold the same one at once. */
export class PortLedger {
  readonly #taken = new Set<number>()
  #next = FIRST + Math.floor(Math.random() * (LAST - FIRST))

  /** Called for every instance that is known after a restart. */
  hold(ports: Iterable<number>): void {
    for (const port of ports) this.#taken.add(port)
  }

  free(ports: Iterable<number>): void {
    for (const port of ports) this.#taken.delete(port)
  }

  async take(): Promise<number> {
    for (let tries = 0; tries <= LAST - FIRST; tries += 1) {
      const port = this.#next
      this.#next = port === LAST ? FIRST : port + 1
      if (this.#taken.has(port)) continue
      this.#taken.add(port)
      if (await isFree(port)) return port
      this.#taken.delete(port)
    }
    throw new FairwayError('runtime_failed', `Every port from ${FIRST} to ${LAST} is taken. Stop something.`)
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
