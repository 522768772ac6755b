/**
 * Two sockets joined after an upgrade, until one ends or the drain budget does. Then a WebSocket gets a close frame on
 * both sides, each where a frame ends, and a second to answer it.
 */
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { closeFrame, FrameTracker } from './frame-tracker.ts'

const SERVICE_RESTART = 1012
const GOING_AWAY = 1001
const GOODBYE_MS = 1_000
/** What a slow reader gets to take the last bytes after the other side is gone. */
const LAST_BYTES_MS = 10_000

type Direction = {
  from: Duplex
  to: Duplex
  frames: FrameTracker
  farewell: Buffer
  state: 'open' | 'closing' | 'said'
}

export class Splice {
  readonly #client: Duplex
  readonly #instance: Duplex
  readonly #toClient: Direction
  readonly #toInstance: Direction
  #closing = false

  /** `onEnd` is called once, when both sides are closed. */
  constructor(client: Duplex, instance: Duplex, onEnd: () => void) {
    this.#client = client
    this.#instance = instance
    this.#toClient = direction(instance, client, closeFrame(SERVICE_RESTART))
    this.#toInstance = direction(client, instance, closeFrame(GOING_AWAY, randomBytes(4)))
    for (const way of [this.#toClient, this.#toInstance]) this.#forward(way)
    let closed = 0
    for (const socket of [client, instance]) {
      socket.once('close', () => {
        closed += 1
        if (closed === 2) onEnd()
      })
    }
  }

  /** Bytes that came along with the heads. */
  feed(fromClient: Buffer, fromInstance: Buffer): void {
    if (fromClient.length > 0) this.#pass(this.#toInstance, fromClient)
    if (fromInstance.length > 0) this.#pass(this.#toClient, fromInstance)
  }

  /** Says goodbye at the next end of a frame on each side, then closes, within two seconds. */
  close(): void {
    if (this.#closing) return
    this.#closing = true
    for (const way of [this.#toClient, this.#toInstance]) {
      way.state = 'closing'
      this.#sayGoodbye(way)
    }
    setTimeout(() => this.#end(), GOODBYE_MS)
  }

  destroy(): void {
    this.#client.destroy()
    this.#instance.destroy()
  }

  #forward(way: Direction): void {
    way.from.on('data', (chunk: Buffer) => this.#pass(way, chunk))
    way.to.on('drain', () => way.from.resume())
    way.from.once('end', () => way.to.end())
    way.from.on('error', () => way.to.destroy())
    way.from.once('close', () => {
      way.to.end()
      setTimeout(() => way.to.destroy(), LAST_BYTES_MS).unref()
    })
  }

  #pass(way: Direction, chunk: Buffer): void {
    if (way.state === 'said') {
      way.frames.advance(chunk)
      this.#endWhenAnswered()
      return
    }
    const taken = way.frames.advance(chunk, way.state === 'closing')
    if (!way.to.write(taken === chunk.length ? chunk : chunk.subarray(0, taken))) way.from.pause()
    if (way.state === 'closing') {
      this.#sayGoodbye(way)
      if (taken < chunk.length) this.#pass(way, chunk.subarray(taken))
    }
  }

  #sayGoodbye(way: Direction): void {
    if (!way.frames.atBoundary) return
    way.state = 'said'
    // Someone who already closed gets no second close frame.
    if (!way.frames.closeSeen && way.to.writable) way.to.write(way.farewell)
    way.from.resume()
  }

  #endWhenAnswered(): void {
    if (this.#toInstance.frames.closeSeen) this.#end()
  }

  #end(): void {
    this.#client.end()
    this.#instance.end()
    setTimeout(() => this.destroy(), GOODBYE_MS).unref()
  }
}

const direction = (from: Duplex, to: Duplex, farewell: Buffer): Direction => ({
  from,
  to,
  frames: new FrameTracker(),
  farewell,
  state: 'open',
})
