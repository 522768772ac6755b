import { createHash } from 'node:crypto'
import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import tar from 'tar-stream'
import type { Engine } from '../../lib/docker/engine.ts'
import { beforeTag } from './image-names.ts'
import { tagImage, untagImage } from './local-images.ts'

/** Nothing shorter is taken for a secret anywhere. */
const SHORTEST = 5

type History = { created_by?: string }
type ImageConfig = { history?: History[] }

/**
 * BuildKit writes `RUN |1 TOKEN=value …` into the history of an image for the arguments that its last stage declares.
 * Answers the history without the values of these arguments, or undefined when there are none in it. Pure.
 */
export function hideArguments(
  history: readonly History[],
  secrets: Readonly<Record<string, string>>,
): History[] | undefined {
  const pairs = Object.entries(secrets)
    .filter(([, value]) => value.length >= SHORTEST)
    .map(([name, value]): [string, string] => [`${name}=${value}`, `${name}=***`])
    // The longest first: one argument may begin with another.
    .sort(([a], [b]) => b.length - a.length)
  const clean = (text: string): string =>
    pairs.reduce((rest, [pair, hidden]) => rest.replaceAll(pair, () => hidden), text)
  const cleaned = history.map((entry) =>
    entry.created_by === undefined ? entry : { ...entry, created_by: clean(entry.created_by) },
  )
  return cleaned.some((entry, index) => entry.created_by !== history[index]?.created_by) ? cleaned : undefined
}

export type Hiding = { tag: string; secrets: Readonly<Record<string, string>>; signal: AbortSignal }

/**
 * Takes the values of build arguments out of the history of a tagged image. Where there are any, the image is made anew
 * with the same layers, and the tag moves to it.
 */
export async function hideBuildArguments(engine: Engine, hiding: Hiding): Promise<void> {
  const image = engine.getImage(hiding.tag)
  const { Id: imageId } = await image.inspect()
  const told = ((await image.history()) as { CreatedBy: string }[]).map(({ CreatedBy }) => ({
    created_by: CreatedBy,
  }))
  if (hideArguments(told, hiding.secrets) === undefined) return
  // The image as it was would be left without a name when the tag moves on.
  const before = beforeTag(hiding.tag)
  await tagImage(engine, imageId, before)
  try {
    await rewriteHistory(engine, { ...hiding, imageId })
  } finally {
    await untagImage(engine, before)
  }
}

type Rewriting = Hiding & { imageId: string }

async function rewriteHistory(engine: Engine, rewriting: Rewriting): Promise<void> {
  const from = tar.extract()
  const to = tar.pack()
  const body = new PassThrough()
  const saved = (await engine.getImage(rewriting.imageId).get()) as Readable
  const stop = (): void => {
    saved.destroy()
    body.destroy()
  }
  rewriting.signal.addEventListener('abort', stop, { once: true })
  try {
    await Promise.all([
      pipeline(saved, from),
      copyImage(from, to, rewriting),
      pipeline(to, body),
      load(engine, body),
    ])
  } finally {
    // When one of them failed, the others must not wait for it.
    stop()
    rewriting.signal.removeEventListener('abort', stop)
  }
}

async function load(engine: Engine, image: Readable): Promise<void> {
  const answer = (await engine.loadImage(image, { quiet: true })) as unknown as Readable
  let said = ''
  for await (const chunk of answer) said += String(chunk)
  if (/"error(?:Detail)?":/.test(said))
    throw new Error(`the image could not be loaded again: ${said.slice(0, 500)}`)
}

const MANIFEST = 'manifest.json'
type Manifest = { Config: string; RepoTags: string[]; Layers: string[] }
type Kept = { header: tar.Header; content: Buffer }

/** Which of the small entries is the configuration is known when the manifest comes, which may be last. */
const SMALL = 1024 * 1024

/** Of a saved image only its layers, its configuration and the list of both are carried over. */
async function copyImage(from: tar.Extract, to: tar.Pack, { tag, secrets }: Rewriting): Promise<void> {
  const small = new Map<string, Kept>()
  for await (const entry of from) {
    const { header } = entry
    if (header.type !== 'file') {
      // A layer that is the same as another is a link to it.
      if (header.type === 'symlink') to.entry({ ...header, pax: null })
      entry.resume()
    } else if ((header.size ?? 0) <= SMALL)
      small.set(header.name, { header, content: await contentOf(entry) })
    else await pipeline(entry, to.entry({ ...header, pax: null }))
  }
  const { Config: config, Layers } = manifestOf(small)
  for (const layer of Layers) {
    const kept = small.get(layer)
    if (kept !== undefined) to.entry({ ...kept.header, pax: null }, kept.content)
  }
  const text = withoutArguments(small.get(config)?.content.toString('utf8') ?? '', secrets)
  const Config = `${createHash('sha256').update(text).digest('hex')}.json`
  to.entry({ name: Config }, text)
  const manifest: Manifest[] = [{ Config, RepoTags: [tag], Layers }]
  to.entry({ name: MANIFEST }, JSON.stringify(manifest))
  to.finalize()
}

function manifestOf(small: ReadonlyMap<string, Kept>): Manifest {
  const text = small.get(MANIFEST)?.content.toString('utf8')
  const [manifest] = text === undefined ? [] : (JSON.parse(text) as Manifest[])
  if (manifest === undefined || !small.has(manifest.Config))
    throw new Error('the engine saved an image without a manifest or configuration')
  return manifest
}

function withoutArguments(text: string, secrets: Readonly<Record<string, string>>): string {
  const config = JSON.parse(text) as ImageConfig
  return JSON.stringify({
    ...config,
    history: hideArguments(config.history ?? [], secrets) ?? config.history,
  })
}

async function contentOf(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
