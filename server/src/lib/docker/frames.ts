/** One piece of a container's output, as the engine sends it: a header of eight bytes, then the bytes. */
export type Frame = { stream: 'stdout' | 'stderr'; bytes: Buffer }

const HEADER = 8
const STDERR = 2

/**
 * Cuts the engine's multiplexed stream into its frames. It reads on only when the last frame was taken, so a slow
 * reader slows the engine down instead of filling the memory.
 */
export async function* framesOf(source: AsyncIterable<Uint8Array>): AsyncIterable<Frame> {
  const waiting: Uint8Array[] = []
  let bytes = 0
  let wanted = HEADER
  for await (const chunk of source) {
    waiting.push(chunk)
    bytes += chunk.length
    // Chunks of a long frame are put together once, when it is whole.
    if (bytes < wanted) continue
    let buffer = Buffer.concat(waiting)
    for (wanted = sizeOf(buffer); buffer.length >= wanted; wanted = sizeOf(buffer)) {
      yield { stream: buffer[0] === STDERR ? 'stderr' : 'stdout', bytes: buffer.subarray(HEADER, wanted) }
      buffer = buffer.subarray(wanted)
    }
    waiting.splice(0, waiting.length, buffer)
    bytes = buffer.length
  }
}

/** How many bytes the first frame has, its header included; the header alone while that is not whole. */
const sizeOf = (buffer: Buffer): number => (buffer.length < HEADER ? HEADER : HEADER + buffer.readUInt32BE(4))
