import { lstat, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import type Docker from 'dockerode'
import type { Engine } from '../../lib/docker/engine.ts'
import { ifThere } from '../../lib/docker/engine-answers.ts'
import { hasCode } from '../../lib/has-code.ts'
import type { InstanceSpec } from '../../reconcile/runtime-port.ts'

type Volume = NonNullable<InstanceSpec['volumes']>[number]

/** How the volumes of an instance are mounted. Raises `runtime_failed` for one that is gone, `invalid_path`. */
export const volumeMounts = (engine: Engine, volumes: readonly Volume[]): Promise<Docker.MountSettings[]> =>
  Promise.all(volumes.map((volume) => mountOf(engine, volume)))

async function mountOf(engine: Engine, { name, path, subPath }: Volume): Promise<Docker.MountSettings> {
  // The engine would make a new, empty one of this name without a word.
  const found = await ifThere(engine.getVolume(name).inspect())
  if (found === undefined)
    throw new FairwayError(
      'runtime_failed',
      `The volume "${name}" is not on this engine. Restore it from a backup.`,
    )
  const segments = (subPath ?? '').split('/').filter((segment) => segment !== '' && segment !== '.')
  if (segments.length === 0) return { Type: 'volume', Source: name, Target: path }
  const source = await subFolder(found.Mountpoint, segments)
  return { Type: 'bind', Source: source, Target: path }
}

/**
 * A folder within a volume, made where it is missing. No part of the way may be a link: a program with the volume
 * could have made one that leads to the host's own files.
 */
async function subFolder(mountpoint: string, segments: readonly string[]): Promise<string> {
  if (segments.includes('..') || segments.some((segment) => segment.includes('\0')))
    throw new FairwayError('invalid_path', 'The sub path of a volume would leave it. Remove "..".')
  let folder = mountpoint
  for (const segment of segments) {
    folder = join(folder, segment)
    await makeFolder(folder)
    if (!(await lstat(folder)).isDirectory())
      throw new FairwayError(
        'invalid_path',
        `The sub path "${segments.join('/')}" of the volume is not a folder.`,
      )
  }
  return folder
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  }
}
