import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { Readable, type Transform } from 'node:stream'
import { createGunzip, createGzip } from 'node:zlib'
import { FairwayError } from '@fairway/contract/errors'

export type Compression = 'gz' | 'zstd' | 'none'

const PROGRAM_FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin', '/opt/homebrew/bin'].join(delimiter)

/** The stream compressed. `not_supported`: zstd without a zstd program on this host. */
export async function compress(
  data: AsyncIterable<Uint8Array>,
  compression: Compression,
): Promise<AsyncIterable<Uint8Array>> {
  if (compression === 'none') return data
  if (compression === 'gz') return through(data, createGzip({ level: 3 }))
  return throughProgram(data, await requireZstd(), ['-q', '-c'])
}

/** The stream as it was before `compress`; how it was compressed shows in its first bytes. */
export async function decompress(data: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const { first, rest } = await peek(data)
  const magic = first.subarray(0, 4).toString('hex')
  if (magic.startsWith('1f8b')) return through(rest, createGunzip())
  if (magic === '28b52ffd') return throughProgram(rest, await requireZstd(), ['-q', '-d', '-c'])
  return rest
}

async function peek(data: AsyncIterable<Uint8Array>) {
  const iterator = data[Symbol.asyncIterator]()
  const parts: Uint8Array[] = []
  let length = 0
  while (length < 4) {
    const next = await iterator.next()
    if (next.done) break
    parts.push(next.value)
    length += next.value.length
  }
  const first = Buffer.concat(parts)
  async function* rest(): AsyncGenerator<Uint8Array> {
    try {
      yield first
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
    } finally {
      await iterator.return?.()
    }
  }
  return { first, rest: rest() }
}

/** An error of the source ends the result, and stopping to read the result stops the source. */
async function* through(data: AsyncIterable<Uint8Array>, transform: Transform): AsyncGenerator<Uint8Array> {
  const source = Readable.from(data, { objectMode: false })
  source.on('error', (error) => transform.destroy(error))
  try {
    for await (const chunk of source.pipe(transform)) yield chunk as Uint8Array
  } finally {
    source.destroy()
    transform.destroy()
  }
}

async function* throughProgram(
  data: AsyncIterable<Uint8Array>,
  program: string,
  args: string[],
): AsyncGenerator<Uint8Array> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  const exit = once(child, 'exit')
  const source = Readable.from(data, { objectMode: false })
  source.on('error', (error) => child.stdout.destroy(error))
  child.stdin.on('error', (error) => child.stdout.destroy(error))
  try {
    source.pipe(child.stdin)
    for await (const chunk of child.stdout) yield chunk as Uint8Array
    const [code] = await exit
    if (code !== 0) throw new Error(`${program} ended with status ${code}`)
  } finally {
    source.destroy()
    child.kill('SIGKILL')
  }
}

async function requireZstd(): Promise<string> {
  for (const folder of PROGRAM_FOLDERS.split(delimiter))
    if (await isExecutable(join(folder, 'zstd'))) return join(folder, 'zstd')
  throw new FairwayError(
    'not_supported',
    'zstd compression needs the zstd program on this host. Install it, or choose gz or none.',
  )
}

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
