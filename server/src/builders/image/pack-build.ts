import { dirname, join } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import type { BuildRequest } from '../../reconcile/builder-port.ts'
import { passableArguments } from './build-command.ts'
import { isProgram } from './docker-program.ts'
import { runFollowed } from './run-build.ts'
import type { Workshop } from './workshop.ts'

export type PackCommand = {
  socket: string
  tag: string
  context: string
  builder: string
  locators: readonly string[]
  useCache: boolean
  argumentNames: readonly string[]
}

const DEFAULT_BUILDER = 'HEROKU_24'

/** The builder image of a setting: `HEROKU_24` is short for Heroku's of that number, anything else is an image. */
export const builderImage = (setting = DEFAULT_BUILDER): string =>
  setting.replace(/^HEROKU_(\d+)$/, 'heroku/builder:$1')

/** The argument vector after `pack`. Pure. */
export const packArgs = (command: PackCommand): string[] => [
  ...['build', command.tag, '--path', command.context, '--builder', command.builder, '--trust-builder'],
  ...['--docker-host', `unix://${command.socket}`, '--pull-policy', 'if-not-present', '--no-color'],
  ...(command.useCache ? [] : ['--clear-cache']),
  ...command.locators.flatMap((locator) => ['--buildpack', locator]),
  ...command.argumentNames.flatMap((name) => ['--env', name]),
]

export type PackBuild = {
  socket: string
  tag: string
  context: string
  programFolders: readonly string[]
  request: Pick<BuildRequest, 'arguments' | 'secrets' | 'buildpack' | 'limits' | 'log' | 'signal'>
}

/** Builds with Cloud Native Buildpacks; `build_failed` where `pack` is not installed. */
export async function runPackBuild(build: PackBuild, workshop: Workshop): Promise<void> {
  const { socket, tag, context, request } = build
  const program = await findPack(build.programFolders)
  const { passed, leftOut } = passableArguments(request.arguments)
  if (leftOut.length > 0)
    request.log(
      `Warning: these build arguments are left out, their names are not allowed: ${leftOut.join(', ')}`,
    )
  const args = packArgs({
    socket,
    tag,
    context,
    builder: builderImage(request.buildpack?.builder),
    locators: request.buildpack?.locators ?? [],
    useCache: request.buildpack?.useCache ?? true,
    argumentNames: Object.keys(passed),
  })
  const { home, configFolder } = workshop
  const env = {
    ...passed,
    HOME: home,
    TMPDIR: home,
    DOCKER_CONFIG: configFolder,
    // What `pack` starts lies beside it, if anywhere.
    PATH: dirname(program),
    PACK_HOME: join(home, '.pack'),
    DOCKER_HOST: `unix://${socket}`,
  }
  await runFollowed({ program, args, cwd: workshop.folder, env }, request)
}

async function findPack(folders: readonly string[]): Promise<string> {
  for (const folder of folders.filter((folder) => folder.startsWith('/'))) {
    const program = join(folder, 'pack')
    if (await isProgram(program)) return program
  }
  throw new FairwayError(
    'build_failed',
    'This build asks for buildpacks, and the pack command is not installed on this machine. Install it, or add a Dockerfile.',
  )
}

const METADATA = 'io.buildpacks.build.metadata'
type Metadata = { processes?: { type: string; command?: string | string[]; args?: string[] }[] }

/** The process types that buildpacks wrote into an image's labels. Pure. */
export function packProcesses(labels: Readonly<Record<string, string>>): Record<string, string> {
  const { processes = [] } = JSON.parse(labels[METADATA] ?? '{}') as Metadata
  return Object.fromEntries(
    processes.map(({ type, command = [], args = [] }) => [type, [command, args].flat().join(' ')]),
  )
}
