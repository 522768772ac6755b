import { execFile } from 'node:child_process'
import { chmod, chown, mkdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { hasCode } from '../has-code.ts'
import { type Binaries, prepareBinaries } from './binaries.ts'
import { type Identity, serverIdentity } from './identity.ts'

/**
 * One PostgreSQL data directory and how to run programs on it. Layout of `folder`: `data/` (complete once it is there),
 * `port`, `start.log`.
 */
export type Cluster = {
  folder: string
  dataDirectory: string
  binaries: Binaries
  identity: Identity | undefined
}

/** Opens the folder of a cluster, made if missing and owned by the server's user. Creates no database yet. */
export async function openCluster(folder: string, copyBinariesTo: string): Promise<Cluster> {
  const identity = await serverIdentity()
  const binaries = await prepareBinaries(identity, copyBinariesTo)
  await mkdir(folder, { recursive: true })
  await chmod(folder, 0o700)
  await own(folder, identity)
  const real = await realpath(folder)
  return { folder: real, dataDirectory: join(real, 'data'), binaries, identity }
}

export async function isInitialised(cluster: Cluster): Promise<boolean> {
  try {
    await stat(join(cluster.dataDirectory, 'PG_VERSION'))
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}

/**
 * Makes the data directory unless it is there: scram passwords only, UTF-8, checksums on. It is made beside and
 * renamed, so a directory named `data` is always a complete one.
 */
export async function initialise(
  cluster: Cluster,
  superuser: { name: string; password: string },
  options: { sync?: boolean } = {},
): Promise<void> {
  if (await isInitialised(cluster)) return
  const fresh = join(cluster.folder, 'data.new')
  const passwordFile = join(cluster.folder, 'password.new')
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { mode: 0o700 })
  await own(fresh, cluster.identity)
  await writeFile(passwordFile, superuser.password, { mode: 0o600 })
  await own(passwordFile, cluster.identity)
  try {
    await runInitdb(cluster, fresh, [
      `--username=${superuser.name}`,
      `--pwfile=${cluster.identity === undefined ? passwordFile : '/proc/self/cwd/../password.new'}`,
      ...(options.sync === false ? ['--no-sync'] : []),
    ])
  } finally {
    await rm(passwordFile, { force: true })
  }
  await rename(fresh, cluster.dataDirectory)
}

async function runInitdb(cluster: Cluster, directory: string, extra: string[]): Promise<void> {
  await promisify(execFile)(
    join(cluster.binaries.root, 'bin', 'initdb'),
    [
      `--pgdata=${directoryArgument(cluster.identity, directory)}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      ...extra,
    ],
    { cwd: directory, env: serverEnvironment, ...cluster.identity },
  )
}

/**
 * How the server is told its directory. Another user may not be able to walk the path to it (below a home folder of
 * mode 0700), but every postgres process keeps the directory as its working directory, which needs no walking.
 */
export const directoryArgument = (identity: Identity | undefined, directory: string): string =>
  identity === undefined ? directory : '/proc/self/cwd'

/** No variable of ours reaches the server; all times are UTC. */
export const serverEnvironment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/** Gives a path to the server's user. */
export async function own(path: string, identity: Identity | undefined): Promise<void> {
  if (identity !== undefined) await chown(path, identity.uid, identity.gid)
}
