import { lstat, realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import { hasCode } from '../../lib/has-code.ts'
import { readIfThere } from '../../lib/read-if-there.ts'
import type { BuildRequest } from '../../reconcile/builder-port.ts'
import { readLockFiles } from '../bundle/lock-files.ts'
import { readPackage } from '../bundle/package-plan.ts'
import { parseProcfile } from '../bundle/procfile.ts'
import { isInside } from '../bundle/walk-tree.ts'
import type { NodeSite } from './generated-dockerfile.ts'

/** How a repository becomes an image. */
export type ImagePlan =
  | { kind: 'dockerfile'; path: string }
  | ({ kind: 'node' } & NodeSite)
  | { kind: 'static' }
  | { kind: 'buildpack' }

const DEFAULT_PATH = '/Dockerfile'

/**
 * A Dockerfile where there is one, else by what kind of code it is. A Dockerfile that the settings name and that is not
 * there raises `build_failed`, and so does code that nobody knows how to build.
 */
export async function planImage(
  { dockerfile, buildpack, checkout }: Pick<BuildRequest, 'dockerfile' | 'buildpack' | 'checkout'>,
  context: string,
): Promise<ImagePlan> {
  if (buildpack !== undefined) return { kind: 'buildpack' }
  const root = await realpath(checkout.directory)
  const named = dockerfile?.path ?? DEFAULT_PATH
  const path =
    (await fileInside(root, resolve(root, `./${named}`))) ?? (await besideContext(root, context, named))
  if (path !== undefined) return { kind: 'dockerfile', path }
  if (named !== DEFAULT_PATH) {
    throw new FairwayError(
      'build_failed',
      `The repository has no Dockerfile at "${named}". Correct the path in the build settings.`,
    )
  }
  return planWithoutDockerfile(context)
}

/** The default path is meant in the context too, where the context is not the root. */
const besideContext = async (root: string, context: string, named: string): Promise<string | undefined> =>
  named === DEFAULT_PATH ? fileInside(root, join(context, 'Dockerfile')) : undefined

async function planWithoutDockerfile(context: string): Promise<ImagePlan> {
  const text = await readIfThere(join(context, 'package.json'))
  const procfile = await readIfThere(join(context, 'Procfile'))
  const facts = text === undefined ? undefined : readPackage(text)
  const processes = procfile === undefined ? facts?.start && { web: facts.start } : parseProcfile(procfile)
  if (processes) {
    return { kind: 'node', facts, locks: await readLockFiles(context), processes }
  }
  if ((await readIfThere(join(context, 'index.html'))) !== undefined) return { kind: 'static' }
  throw new FairwayError(
    'build_failed',
    'There is nothing to build. Add a Dockerfile, a Procfile with a line "web: <command>", a package.json with a start script, or an index.html.',
  )
}

/** The real path of a file; undefined when it is none. A link may not lead out of the checkout. */
async function fileInside(root: string, path: string): Promise<string | undefined> {
  const real = await realpathIfThere(path)
  if (real === undefined) return undefined
  if (!isInside(root, real)) {
    throw new FairwayError('invalid_path', 'The path of the Dockerfile leads out of the repository.')
  }
  return (await lstat(real)).isFile() ? real : undefined
}

async function realpathIfThere(path: string): Promise<string | undefined> {
  try {
    return await realpath(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined
    throw error
  }
}
