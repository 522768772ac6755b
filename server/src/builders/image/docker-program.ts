import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import { execa } from 'execa'
import { hasCode } from '../../lib/has-code.ts'

/**
 * The first `docker` command of these folders that can build with BuildKit: newer ones need their buildx plugin for it.
 * `build_failed` when there is none.
 */
export async function findDockerProgram(folders: readonly string[]): Promise<string> {
  const found: string[] = []
  for (const folder of folders.filter((folder) => folder.startsWith('/'))) {
    const program = join(folder, 'docker')
    if (!(await isProgram(program))) continue
    found.push(program)
    if (await hasBuildKit(program)) return program
  }
  throw new FairwayError(
    'build_failed',
    found.length === 0
      ? 'Images cannot be built: there is no docker command on this machine. Install Docker with its buildx plugin.'
      : 'Images cannot be built: the docker command of this machine lacks its buildx plugin. Install docker-buildx.',
    { detail: found.join(', ') },
  )
}

async function hasBuildKit(program: string): Promise<boolean> {
  const { failed, stdout } = await execa(program, ['build', '--help'], {
    env: { DOCKER_BUILDKIT: '1' },
    reject: false,
    timeout: 20_000,
  })
  return !failed && stdout.includes('--secret')
}

export async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES', 'ENOTDIR', 'ELOOP')) return false
    throw error
  }
}
