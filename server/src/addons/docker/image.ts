import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { FairwayError } from '@fairway/contract/errors'
import tar from 'tar-stream'
import type { Engine } from '../../lib/docker/engine.ts'
import { ifThere } from '../../lib/docker/engine-answers.ts'
import { followProgress } from '../../lib/docker/progress.ts'

/** An image of ours: `folder` in `root` is its build context, together with the folder `shared`. */
export type ImageSource = { root: string; folder: string; tag: string; base: string }

const DIGEST = 'fairway.image-digest'

type ContextFile = { name: string; mode: number; content: Buffer }

/** The id of the image, built when the engine has none of this very source. `runtime_failed`: it cannot be built. */
export async function presentImage(engine: Engine, source: ImageSource): Promise<string> {
  const files = await contextOf(source)
  const digest = digestOf(source, files)
  const found = await ifThere(engine.getImage(source.tag).inspect())
  if (found?.Config.Labels?.[DIGEST] === digest) return found.Id
  await build(engine, source, { files, digest })
  return (await engine.getImage(source.tag).inspect()).Id
}

async function contextOf({ root, folder }: ImageSource): Promise<ContextFile[]> {
  const own = await filesIn(join(root, folder), '')
  const shared = await filesIn(join(root, 'shared'), 'shared/')
  return [...own, ...shared].sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function filesIn(folder: string, prefix: string): Promise<ContextFile[]> {
  const names = await readdir(folder)
  return Promise.all(
    names.map(async (name) => ({
      name: `${prefix}${name}`,
      // Not the file's own mode: a package or a checkout may have lost it.
      mode: name === 'Dockerfile' ? 0o644 : 0o755,
      content: await readFile(join(folder, name)),
    })),
  )
}

function digestOf({ base }: ImageSource, files: readonly ContextFile[]): string {
  const hash = createHash('sha256').update(JSON.stringify(base))
  for (const { name, content } of files) hash.update(JSON.stringify([name, content.length])).update(content)
  return hash.digest('hex')
}

async function build(
  engine: Engine,
  { tag, base }: ImageSource,
  { files, digest }: { files: readonly ContextFile[]; digest: string },
): Promise<void> {
  const context = tar.pack()
  for (const { name, mode, content } of files) context.entry({ name, mode }, content)
  context.finalize()
  try {
    const progress = await engine.buildImage(Readable.from(context, { objectMode: false }), {
      t: tag,
      buildargs: { BASE: base },
      labels: { [DIGEST]: digest },
      // Whoever builds it anew wants today's packages, not those of an earlier build.
      nocache: true,
      forcerm: true,
    })
    await followProgress(engine, progress)
  } catch (cause) {
    throw new FairwayError(
      'runtime_failed',
      `The image ${tag} could not be built. Check that the engine has or can pull ${base} and reaches Debian's packages.`,
      { cause, detail: cause instanceof Error ? cause.message : String(cause) },
    )
  }
}
