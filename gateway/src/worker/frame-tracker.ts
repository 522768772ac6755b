/**
 * Follows a stream of WebSocket frames without keeping them, so that the gateway knows where one frame ends and its
 * own close frame may stand. (RFC 6455, section 5.2.)
 */
const CLOSE = 8

export class FrameTracker {
  /** Bytes of the payload under way that are still to come. */
  #payload = 0
  readonly #header: number[] = []
  closeSeen = false

  get atBoundary(): boolean {
    return this.#payload === 0 && this.#header.length === 0
  }

  /** Takes the chunk in; with `stopAtBoundary` only up to the end of the frame under way. Answers the bytes taken. */
  advance(chunk: Uint8Array, stopAtBoundary = false): number {
    let at = 0
    while (at < chunk.length) {
      if (stopAtBoundary && this.atBoundary) return at
      if (this.#payload > 0) {
        const taken = Math.min(this.#payload, chunk.length - at)
        this.#payload -= taken
        at += taken
      } else {
        this.#header.push(chunk[at] ?? 0)
        at += 1
        this.#readHeader()
      }
    }
    return at
  }

  #readHeader(): void {
    const [first = 0, second = 0] = this.#header
    if (this.#header.length < 2) return
    const short = second & 0x7f
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
    const headerBytes = 2 + lengthBytes + ((second & 0x80) === 0 ? 0 : 4)
    if (this.#header.length < headerBytes) return
    this.#payload = lengthBytes === 0 ? short : bigEndian(this.#header.slice(2, 2 + lengthBytes))
    if ((first & 0x0f) === CLOSE) this.closeSeen = true
    this.#header.length = 0
  }
}

const bigEndian = (bytes: readonly number[]): number => bytes.reduce((value, byte) => value * 256 + byte, 0)

/** A close frame as a server sends it, or, with a mask, as a client must. */
export function closeFrame(code: number, mask?: Uint8Array): Buffer {
  const payload = Buffer.from([code >> 8, code & 0xff])
  if (mask === undefined) return Buffer.concat([Buffer.from([0x88, payload.length]), payload])
  const masked = payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0))
  return Buffer.concat([Buffer.from([0x88, 0x80 | payload.length]), mask.subarray(0, 4), masked])
}
