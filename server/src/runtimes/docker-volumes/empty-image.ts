import { FairwayError } from '@fairway/contract/errors'
import type { Engine } from '../../lib/docker/engine.ts'
import { ifThere } from '../../lib/docker/engine-answers.ts'

/** An image without a single file: a container of it can be made, so that its volumes can be read and written. */
const EMPTY_IMAGE = 'fairway-empty:1'

/** Two empty blocks: a tar without entries. */
const EMPTY_TAR = Buffer.alloc(1024)

/** Makes the image unless it is there; nothing is pulled. Answers its name. */
export async function requireEmptyImage(engine: Engine): Promise<string> {
  if ((await ifThere(engine.getImage(EMPTY_IMAGE).inspect())) !== undefined) return EMPTY_IMAGE
  const [repo, tag] = EMPTY_IMAGE.split(':')
  const progress = await engine.importImage(EMPTY_TAR as unknown as string, { repo, tag })
  for await (const line of progress) {
    if (!String(line).includes('"error"')) continue
    throw new FairwayError('runtime_failed', 'The Docker Engine could not make an empty image.', {
      detail: String(line),
    })
  }
  return EMPTY_IMAGE
}
