import { planPackage } from '../bundle/install-plan.ts'
import type { LockFiles } from '../bundle/lock-files.ts'
import type { PackageFacts, PackageStep } from '../bundle/package-plan.ts'
import { quoted, startScript } from './start-script.ts'
import { STATIC_SERVER } from './static-server.ts'

export type NodeSite = {
  facts: PackageFacts | undefined
  locks: LockFiles
  processes: Readonly<Record<string, string>>
}

type Ground = {
  /** An image with Node.js, npm and a shell. */
  baseImage: string
  /** Names the folder of downloads that builds of the same owner share. */
  cacheId: string
  argumentNames: readonly string[]
}

/** The user that builds and runs: nothing of a generated image needs root. */
const USER = '1000:1000'
const PLACES = { home: '/tmp', cache: '/tmp/npm-cache' }
const START = '/fairway/start'

/**
 * A Dockerfile for a Node.js repository: installs, builds, prunes, and starts by process type. Build arguments exist in
 * the first stage only, so that the image's history does not hold them. Pure.
 */
export function nodeDockerfile({ facts, locks, processes }: NodeSite, ground: Ground): string {
  const steps = stepsOf({ facts, locks })
  const cache = `--mount=type=cache,id=${ground.cacheId},target=/tmp/npm-cache,uid=1000,gid=1000`
  return lines(
    `FROM ${ground.baseImage} AS build`,
    writeFile(START, startScript(processes), '755'),
    `RUN mkdir /app && chown ${USER} /app`,
    'WORKDIR /app',
    `COPY --chown=${USER} . .`,
    `USER ${USER}`,
    'ENV HOME=/tmp CI=true npm_config_cache=/tmp/npm-cache npm_config_update_notifier=false',
    ...ground.argumentNames.map((name) => `ARG ${name}`),
    ...environmentOf(steps),
    ...steps.map((step) => `RUN ${cache} ${commandLine(step)}`),
    '',
    `FROM ${ground.baseImage}`,
    `COPY --from=build /fairway /fairway`,
    `COPY --from=build --chown=${USER} /app /app`,
    'WORKDIR /app',
    'ENV HOME=/tmp PATH=/app/node_modules/.bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    `USER ${USER}`,
    `ENTRYPOINT ["${START}"]`,
  )
}

const stepsOf = ({ facts, locks }: Pick<NodeSite, 'facts' | 'locks'>): PackageStep[] =>
  facts === undefined ? [] : planPackage(facts, locks, PLACES).steps

/** Sentences for the log of a build by `nodeDockerfile`. Pure. */
export const nodeNotes = (site: NodeSite): string[] => stepsOf(site).flatMap(({ note }) => note ?? [])

const commandLine = ({ program, args }: PackageStep): string => [program, ...args.map(word)].join(' ')

function environmentOf(steps: readonly PackageStep[]): string[] {
  const settings = Object.entries(Object.assign({}, ...steps.map(({ env }) => env)))
  const words = settings.map(([name, value]) => `${name}=${word(String(value))}`)
  return words.length === 0 ? [] : [`ENV ${words.join(' ')}`]
}

const word = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : quoted(text))

/** A Dockerfile for a folder with an `index.html`: a small server of our own. Pure. */
export function staticDockerfile({ baseImage }: Pick<Ground, 'baseImage'>): string {
  return lines(
    `FROM ${baseImage}`,
    writeFile('/fairway/server.cjs', STATIC_SERVER, '644'),
    writeFile(START, startScript(STATIC_PROCESSES), '755'),
    `COPY --chown=${USER} . /site`,
    'WORKDIR /site',
    `USER ${USER}`,
    `ENTRYPOINT ["${START}"]`,
  )
}

export const STATIC_PROCESSES = { web: 'node /fairway/server.cjs /site' } as const

/** In base64, because no content can break out of it; the context is left as the repository has it. */
function writeFile(path: string, content: string, mode: string): string {
  const data = quoted(Buffer.from(content).toString('base64'))
  const folder = path.slice(0, path.lastIndexOf('/'))
  return `RUN mkdir -p ${folder} && printf %s ${data} | base64 -d > ${path} && chmod ${mode} ${path}`
}

const lines = (...all: string[]): string => `${all.join('\n')}\n`
