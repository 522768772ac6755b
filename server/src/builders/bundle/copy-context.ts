import { constants, copyFile, lstat, mkdir, realpath, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import { hasCode } from '../../lib/has-code.ts'
import { isInside, walkTree } from './walk-tree.ts'

/** The real directory of a build context; `invalid_path` when it is none or lies outside the checkout. */
export async function findContext(checkout: string, context: string): Promise<string> {
  const root = await realpath(checkout)
  const wanted = resolve(root, `./${context}`)
  if (!isInside(root, wanted)) throw outside(context)
  const real = await realpathOf(wanted, context)
  if (!isInside(root, real)) throw outside(context)
  if ((await lstat(real)).isDirectory()) return real
  throw new FairwayError('invalid_path', `The build context "${context}" is not a folder of the repository.`)
}

const outside = (context: string): FairwayError =>
  new FairwayError('invalid_path', `The build context "${context}" leads out of the repository.`)

async function realpathOf(path: string, context: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw cause
    throw new FairwayError('invalid_path', `The repository has no folder "${context}".`, { cause })
  }
}

/** Copies a context without its git folder. */
export async function copyContext(from: string, to: string, signal: AbortSignal): Promise<void> {
  await mkdir(to, { recursive: true })
  for await (const entry of walkTree(from, ['.git'])) {
    signal.throwIfAborted()
    const target = join(to, entry.path)
    if (entry.type === 'directory') await mkdir(target)
    else if (entry.type === 'link') await symlink(entry.target, target)
    // A copy-on-write clone where the file system can.
    else await copyFile(join(from, entry.path), target, constants.COPYFILE_FICLONE)
  }
}

/** Writes build files below the context; never over a file of the repository, nor through a link out of it. */
export async function writeBuildFiles(
  root: string,
  files: readonly { path: string; contentBase64: string }[],
): Promise<void> {
  for (const { path, contentBase64 } of files) {
    const target = resolve(root, `./${path}`)
    if (!isInside(root, target) || target === root) {
      throw new FairwayError('invalid_path', `The build file "${path}" leads out of the build context.`)
    }
    if (
      !isInside(await realpath(root), await realpathOf(await nearestFolder(dirname(target)), dirname(path)))
    ) {
      throw new FairwayError(
        'invalid_path',
        `The build file "${path}" leads out of the build context by a link.`,
      )
    }
    try {
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, Buffer.from(contentBase64, 'base64'), { flag: 'wx' })
    } catch (cause) {
      if (!hasCode(cause, 'EEXIST', 'ENOTDIR', 'EISDIR')) throw cause
      throw new FairwayError(
        'invalid_path',
        `The build file "${path}" would replace a file of the repository.`,
        {
          cause,
        },
      )
    }
  }
}

/** The deepest part of a path that exists. */
async function nearestFolder(path: string): Promise<string> {
  try {
    await lstat(path)
    return path
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return nearestFolder(dirname(path))
    throw error
  }
}
