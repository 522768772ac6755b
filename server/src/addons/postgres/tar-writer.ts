const BLOCK = 512

export type TarEntry = {
  /** At most 100 bytes, with `/` between its parts. */
  path: string
  mode: number
  modifiedAt: Date
} & ({ type: 'directory' } | { type: 'file'; size: number; content: AsyncIterable<Uint8Array> })

/**
 * A tar archive as a stream. A file's content is cut or filled with zeros to its announced size: files of a running
 * database change while they are copied, and its log repairs them.
 */
export async function* writeTar(entries: AsyncIterable<TarEntry>): AsyncGenerator<Uint8Array> {
  for await (const entry of entries) {
    yield header(entry)
    if (entry.type === 'file') yield* exactly(entry.content, entry.size)
  }
  yield new Uint8Array(2 * BLOCK)
}

async function* exactly(content: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let left = size
  for await (const chunk of content) {
    if (left === 0) break
    const part = chunk.subarray(0, left)
    left -= part.length
    yield part
  }
  const padding = left + ((BLOCK - (size % BLOCK)) % BLOCK)
  for (let at = 0; at < padding; at += ZEROS.length)
    yield ZEROS.subarray(0, Math.min(ZEROS.length, padding - at))
}

const ZEROS = new Uint8Array(64 * 1024)

function header(entry: TarEntry): Uint8Array {
  const block = Buffer.alloc(BLOCK)
  const path = entry.type === 'directory' ? `${entry.path}/` : entry.path
  if (Buffer.byteLength(path) > 100) throw new Error(`path too long for the archive: ${path}`)
  block.write(path, 0)
  block.write(octal(entry.mode & 0o7777, 7), 100)
  block.write(octal(0, 7), 108)
  block.write(octal(0, 7), 116)
  block.write(octal(entry.type === 'file' ? entry.size : 0, 11), 124)
  block.write(octal(Math.floor(entry.modifiedAt.getTime() / 1000), 11), 136)
  block.write('        ', 148)
  block.write(entry.type === 'file' ? '0' : '5', 156)
  block.write('ustar\0' + '00', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${octal(sum, 6)}\0 `, 148)
  return block
}

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0')
