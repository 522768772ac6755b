import { createHash } from 'node:crypto'
import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import tar from 'tar-stream'
import type { Engine } from '../../lib/docker/engine.ts'

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
    .filter(([, value]) => value !== '')
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
  await rewriteHistory(engine, { ...hiding, imageId })
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

/** Of a saved image only its layers, its configuration and the list of both are carried over. */
async function copyImage(
  from: tar.Extract,
  to: tar.Pack,
  { imageId, tag, secrets }: Rewriting,
): Promise<void> {
  const hex = imageId.replace(/^sha256:/, '')
  let config: string | undefined
  let layers: string[] | undefined
  for await (const entry of from) {
    const { name } = entry.header
    if (name === `${hex}.json` || name === `blobs/sha256/${hex}`) {
      config = withoutArguments(await textOf(entry), secrets)
    } else if (name === MANIFEST) {
      layers = (JSON.parse(await textOf(entry)) as Manifest[])[0]?.Layers
    } else if (isLayer(name)) {
      await pipeline(entry, to.entry({ ...entry.header, pax: null }))
    } else entry.resume()
  }
  if (config === undefined || layers === undefined)
    throw new Error('the engine saved an image without a configuration')
  const Config = `${createHash('sha256').update(config).digest('hex')}.json`
  to.entry({ name: Config }, config)
  const manifest: Manifest[] = [{ Config, RepoTags: [tag], Layers: layers }]
  to.entry({ name: MANIFEST }, JSON.stringify(manifest))
  to.finalize()
}

const isLayer = (name: string): boolean => name.endsWith('/layer.tar') || name.startsWith('blobs/sha256/')

function withoutArguments(text: string, secrets: Readonly<Record<string, string>>): string {
  const config = JSON.parse(text) as ImageConfig
  return JSON.stringify({
    ...config,
    history: hideArguments(config.history ?? [], secrets) ?? config.history,
  })
}

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text
}
