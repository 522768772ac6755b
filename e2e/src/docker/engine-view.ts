/** For tests: what the Docker Engine itself says of an installation, whatever Fairway believes. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { connectEngine } from '@fairway/server/lib/docker/engine'
import { ifThere } from '@fairway/server/lib/docker/engine-answers'
import { DEFAULT_ENGINE_SOCKET } from '@fairway/server/lib/docker/engine-socket'
import { waitFor } from '../fairway/wait-for.ts'
import { PATIENCE } from './patience.ts'

export type Seen = { id: string; instance: string; owner: string; state: string; pid: number }

export const installationOf = (dataFolder: string): string =>
  (JSON.parse(readFileSync(join(dataFolder, 'installation.json'), 'utf8')) as { id: string }).id

/** Every container of the installation, also those that ended. */
export async function seenOnEngine(dataFolder: string, socket = DEFAULT_ENGINE_SOCKET): Promise<Seen[]> {
  const engine = connectEngine(socket)
  const filters = { label: [`fairway.installation=${installationOf(dataFolder)}`] }
  const all = await engine.listContainers({ all: true, filters })
  const seen = await Promise.all(
    all.map(async ({ Id, Labels, State: state }) => {
      // It may be removed between the two questions.
      const told = await ifThere(engine.getContainer(Id).inspect())
      const [instance = '', owner = ''] = [Labels['fairway.instance'], Labels['fairway.owner']]
      return told === undefined ? [] : [{ id: Id, instance, owner, state, pid: told.State.Pid }]
    }),
  )
  return seen.flat()
}

const ENDED: ReadonlySet<string> = new Set(['exited', 'dead'])

/**
 * Waits until so many containers of the service run on the engine, whatever Fairway believes. Ended ones may lie there,
 * and `dead` ones: what an engine that was killed may fail to remove for good.
 */
export const runsOnEngine = (dataFolder: string, count: number, socket?: string): Promise<Seen[]> =>
  waitFor(
    `${count} running containers on the engine`,
    async () => {
      const all = (await seenOnEngine(dataFolder, socket)).filter(({ state }) => !ENDED.has(state))
      return all.length === count && all.every(({ state }) => state === 'running') && all
    },
    PATIENCE,
  )

/** As an administrator at the same engine would. */
export const docker = (...args: string[]): string =>
  execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** HAProxy of this installation: its master and every worker. */
export function haproxyOf(dataFolder: string): number[] {
  const state = join(dataFolder, 'gateway', 'haproxy')
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && cwdOf(pid) === state && nameOf(pid) === 'haproxy')
}

const cwdOf = (pid: number): string | undefined => unlessGone(() => readlinkSync(`/proc/${pid}/cwd`))
const nameOf = (pid: number): string | undefined =>
  unlessGone(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim())

/** A process may end between two looks, or be somebody else's. */
export function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (error) {
    if (!['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    return undefined
  }
}
