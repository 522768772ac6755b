import { createHash } from 'node:crypto'
import { type Extract, extract, type Header } from 'tar-stream'

/** What a tar holds, in one checksum that does not depend on who packed it. */
export type TarManifest = { sha256: string; files: number; bytes: number }

export type WatchedTar = {
  data: AsyncIterable<Uint8Array>
  /** When `data` was read to its end. Raises an error when the tar was cut off or is none. */
  manifest(): Promise<TarManifest>
}

const END_BYTES = 1024

/**
 * Passes a tar through and looks into it. The checksum covers names, types, modes, owners, link targets, contents and
 * the modification time of files in whole seconds.
 */
export function watchTar(tar: AsyncIterable<Uint8Array>): WatchedTar {
  const entries = extract()
  const end = new End()
  // Settles at the end of the data; a failure shows at `manifest`, and stops the passing of data below.
  const reading = readEntries(entries).then(
    (manifest) => ({ manifest }),
    (error: unknown) => ({ error }),
  )
  const drained = () => new Promise<void>((go) => entries.once('drain', () => go()))
  async function* data(): AsyncGenerator<Uint8Array> {
    let whole = false
    try {
      for await (const chunk of tar) {
        end.look(chunk)
        if (!entries.destroyed && !entries.write(chunk)) await Promise.race([drained(), reading])
        yield chunk
      }
      whole = true
      entries.end(undefined)
    } finally {
      // Given up half way: nobody else would end it.
      if (!whole) entries.destroy(new Error('the tar was not read to its end'))
    }
  }
  return {
    data: data(),
    manifest: async () => {
      const result = await reading
      if ('error' in result) throw result.error
      if (!end.isEmpty()) throw new Error('the tar was cut off')
      return result.manifest
    },
  }
}

/** The manifest of a tar that is wanted for nothing else. */
export async function tarManifest(tar: AsyncIterable<Uint8Array>): Promise<TarManifest> {
  const watched = watchTar(tar)
  for await (const chunk of watched.data) void chunk
  return watched.manifest()
}

async function readEntries(entries: Extract): Promise<TarManifest> {
  const hash = createHash('sha256')
  let files = 0
  let bytes = 0
  for await (const entry of entries) {
    const content = createHash('sha256')
    for await (const chunk of entry) content.update(chunk as Uint8Array)
    hash.update(`${JSON.stringify(described(entry.header))}\n${content.digest('hex')}\n`)
    files += entry.header.type === 'file' ? 1 : 0
    bytes += entry.header.size ?? 0
  }
  return { sha256: hash.digest('hex'), files, bytes }
}

function described({ name, type, mode, uid, gid, linkname, size, mtime }: Header): unknown[] {
  const seconds = type === 'file' && mtime !== undefined ? Math.floor(mtime.getTime() / 1000) : 0
  return [name, type, (mode ?? 0) & 0o7777, uid, gid, linkname ?? '', size ?? 0, seconds]
}

/** A tar ends with two empty blocks; one that broke off just after a file does not. */
class End {
  #tail = Buffer.alloc(0)

  look(chunk: Uint8Array): void {
    const both = chunk.length >= END_BYTES ? chunk : Buffer.concat([this.#tail, chunk])
    this.#tail = Buffer.from(both.subarray(-END_BYTES))
  }

  isEmpty = (): boolean => this.#tail.length === END_BYTES && this.#tail.every((byte) => byte === 0)
}
