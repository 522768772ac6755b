import { join } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import type { BuildRequest } from '../../reconcile/builder-port.ts'
import { runCommand } from '../bundle/run-command.ts'
import { type BuildCommand, buildCommandArgs, isSecretId, passableArguments } from './build-command.ts'
import { type BuildFailure, type BuildOutput, failureSentence, followBuildOutput } from './build-output.ts'
import { hideValues } from './hide-values.ts'
import { diskFull, type Workshop, writeSecretFile } from './workshop.ts'

export type DockerBuild = Pick<
  BuildCommand,
  'socket' | 'dockerfile' | 'context' | 'target' | 'useCache' | 'labels' | 'tag'
> & {
  program: string
  request: Pick<BuildRequest, 'arguments' | 'secrets' | 'limits' | 'log' | 'signal'>
}

/** Runs one BuildKit build; its image carries `tag` afterwards. Nothing secret is on the command line. */
export async function runDockerBuild(build: DockerBuild, workshop: Workshop): Promise<void> {
  const { program, request, ...rest } = build
  const { passed, leftOut } = passableArguments(request.arguments)
  if (leftOut.length > 0)
    request.log(
      `Warning: these build arguments are left out, their names are not allowed: ${leftOut.join(', ')}`,
    )
  const args = buildCommandArgs({
    ...rest,
    configFolder: workshop.configFolder,
    argumentNames: Object.keys(passed),
    secretFiles: await writeSecrets(request.secrets, workshop),
  })
  const env = { ...passed, ...dockerEnvironment(workshop) }
  await runFollowed({ program, args, cwd: workshop.folder, env }, request)
}

const dockerEnvironment = ({ home, programs }: Workshop) => ({
  HOME: home,
  PATH: programs,
  TMPDIR: home,
  DOCKER_BUILDKIT: '1',
  BUILDX_NO_DEFAULT_ATTESTATIONS: '1',
  BUILDX_GIT_INFO: 'false',
})

type Program = Pick<Parameters<typeof runCommand>[0], 'program' | 'args' | 'cwd' | 'env'>

/** Runs a command that builds; `build_failed` names the failing step. */
export async function runFollowed(
  command: Program,
  request: Pick<BuildRequest, 'arguments' | 'secrets' | 'limits' | 'log' | 'signal'>,
): Promise<void> {
  const { limits, log, signal } = request
  const hide = hideValues(request)
  const output = followBuildOutput()
  try {
    await runCommand({
      ...command,
      signal,
      log: (line) => {
        const shown = output.take(hide(line))
        if (shown !== undefined) log(shown)
      },
    })
  } catch (error) {
    if (error instanceof FairwayError && error.code === 'build_failed')
      throw explained(output, error, limits.memoryMb)
    throw error
  }
}

function explained(output: BuildOutput, error: FairwayError, memoryMb: number | undefined): FairwayError {
  const failure = output.failure()
  if (failure.diskFull) return diskFull(error, failure.reason)
  // It never ran: the error says so better.
  if (failure.step === undefined && failure.lines.length === 0) return error
  return new FairwayError('build_failed', `${failureSentence(failure)}${memoryHint(failure, memoryMb)}`, {
    cause: error,
  })
}

const memoryHint = ({ reason }: BuildFailure, memoryMb: number | undefined): string =>
  memoryMb !== undefined && /exit code: 137/.test(reason)
    ? `\nIt was killed, probably because it wanted more than the ${memoryMb} MB of memory that it may use.`
    : ''

/** One file each, readable by this user alone; removed with the workshop. */
async function writeSecrets(
  secrets: Readonly<Record<string, string>>,
  { folder }: Workshop,
): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  for (const [index, [id, value]] of Object.entries(secrets).entries()) {
    if (!isSecretId(id)) {
      throw new FairwayError(
        'build_failed',
        `The secret mount "${id}" has a name that is not allowed. Use letters, digits and _ . - only.`,
      )
    }
    const path = join(folder, `secret-${index}`)
    await writeSecretFile(path, value)
    files[id] = path
  }
  return files
}
