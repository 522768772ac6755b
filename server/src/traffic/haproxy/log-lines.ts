/**
 * Reads the lines of HAProxy's log in their bytes: one is written for each request, and to split them as text took 3 %
 * of both processors at 30,000 requests a second, nine times what this takes.
 */
import { keyOfBackend } from './route-map.ts'

export type LogLine = {
  /** Project and service; undefined for what the gateway answers by itself. */
  key: string | undefined
  /** Undefined: no server was reached. */
  server: string | undefined
  status: number
  latencyMs: number
  startedAt: number
  answeredAt: number
  /** How it ended, as HAProxy's log says: two letters. */
  ending: string
}

type Place = Pick<LogLine, 'key' | 'server'> & { bytes: Buffer }

const NEWLINE = 10
const SPACE = 32
const MINUS = 45
const ZERO = 48
const R = 82

export class LineReader {
  /** Backends and servers that were seen, by a hash of their bytes: a few, and each line names one. */
  readonly #places = new Map<number, Place[]>()
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0

  /** Tells each line before `end` that is about a request. */
  read(bytes: Buffer, end: number, tell: (line: LogLine) => void): void {
    this.#bytes = bytes
    for (let from = 0; from < end; ) {
      const newline = bytes.indexOf(NEWLINE, from)
      const next = newline === -1 ? end : newline
      const line = bytes[from] === R && bytes[from + 1] === SPACE ? this.#line(from + 2) : undefined
      // One that is too short was read into the next.
      if (line !== undefined && this.#at <= next) tell(line)
      from = next + 1
    }
  }

  /** The words are those of the log format in `render-frontend.ts`. */
  #line(from: number): LogLine | undefined {
    const { key, server } = this.#place(from)
    const status = this.#number()
    const waited = this.#duration() + this.#duration() + this.#duration()
    const active = this.#duration()
    const ending = String.fromCharCode(this.#bytes[this.#at] ?? 0, this.#bytes[this.#at + 1] ?? 0)
    this.#at += 3
    const endedAt = this.#number()
    const sending = this.#duration()
    if (Number.isNaN(status + endedAt + active + sending + waited)) return undefined
    return {
      key,
      server,
      status,
      latencyMs: waited,
      startedAt: endedAt - active,
      answeredAt: endedAt - sending,
      ending,
    }
  }

  /** A stage that was not reached took -1. */
  #duration(): number {
    const ms = this.#number()
    return ms < 0 ? 0 : ms
  }

  /** The digits up to a space, which is passed over; NaN for anything else. */
  #number(): number {
    const bytes = this.#bytes
    const negative = bytes[this.#at] === MINUS
    if (negative) this.#at += 1
    const from = this.#at
    let value = 0
    for (;;) {
      const digit = (bytes[this.#at] ?? 0) - ZERO
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
      this.#at += 1
    }
    const whole = this.#at > from && bytes[this.#at] === SPACE
    this.#at += 1
    if (!whole) return Number.NaN
    return negative ? -value : value
  }

  /** Of the two words that begin at `from`; what follows them is next. */
  #place(from: number): Place {
    const bytes = this.#bytes
    let hash = 0
    let at = from
    for (let spaces = 0; spaces < 2 && at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0
      if (byte === SPACE) spaces += 1
      hash = (Math.imul(hash, 31) + byte) | 0
    }
    this.#at = at
    const known = this.#places.get(hash)?.find((place) => isAt(bytes, from, place.bytes))
    return known ?? this.#newPlace(hash, Buffer.from(bytes.subarray(from, at)))
  }

  #newPlace(hash: number, bytes: Buffer): Place {
    const [backend = '', server = ''] = bytes.toString('latin1').split(' ')
    const place = { key: keyOfBackend(backend), server: server.startsWith('<') ? undefined : server, bytes }
    // Every instance that ever was would be kept otherwise.
    if (this.#places.size >= MOST_PLACES) this.#places.clear()
    this.#places.set(hash, [...(this.#places.get(hash) ?? []), place])
    return place
  }
}

const MOST_PLACES = 10_000

function isAt(bytes: Buffer, from: number, wanted: Buffer): boolean {
  for (let index = 0; index < wanted.length; index += 1)
    if (bytes[from + index] !== wanted[index]) return false
  return true
}
