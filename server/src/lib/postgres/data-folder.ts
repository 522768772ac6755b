import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Binaries } from './binaries.ts'
import { operatingUser } from './operating-user.ts'

const run = promisify(execFile)

/**
 * One server's folder: `data` is PostgreSQL's own, `password` the superuser's in a 0600 file, `log` what it says.
 */
export type ServerFolder = { root: string }

export const dataOf = ({ root }: ServerFolder): string => join(root, 'data')
export const logOf = ({ root }: ServerFolder): string => join(root, 'postgres.log')
const passwordFileOf = ({ root }: ServerFolder): string => join(root, 'password')

/** The environment of every PostgreSQL program of ours: its own libraries, nothing of Fairway's secrets. */
export const environmentOf = (binaries: Binaries): NodeJS.ProcessEnv => ({
  PATH: '/usr/local/bin:/usr/bin:/bin',
  LD_LIBRARY_PATH: join(binaries.folder, 'lib'),
  LC_ALL: 'C.UTF-8',
  TZ: 'UTC',
})

export const readPassword = (folder: ServerFolder): string =>
  readFileSync(passwordFileOf(folder), 'utf8').trim()

export function writePassword(folder: ServerFolder, password: string): void {
  writeFileSync(passwordFileOf(folder), password, { mode: 0o600 })
  give(passwordFileOf(folder))
}

/** Makes the folder and an empty cluster in it, once. A cluster half made by a crash is made again. */
export async function ensureCluster(
  folder: ServerFolder,
  binaries: Binaries,
  { password, sync = true }: { password?: string; sync?: boolean } = {},
): Promise<void> {
  ensureFolder(folder)
  if (existsSync(join(dataOf(folder), 'PG_VERSION')) && existsSync(join(folder.root, 'initialised'))) return
  rmSync(dataOf(folder), { recursive: true, force: true })
  writePassword(folder, password ?? randomBytes(24).toString('base64url'))
  await run(
    join(binaries.folder, 'bin/initdb'),
    [
      `--pgdata=${dataOf(folder)}`,
      '--username=postgres',
      '--auth=scram-sha-256',
      `--pwfile=${passwordFileOf(folder)}`,
      '--encoding=UTF8',
      '--locale=C.UTF-8',
      '--data-checksums',
      ...(sync ? [] : ['--no-sync']),
    ],
    { env: environmentOf(binaries), ...operatingUser(), cwd: '/' },
  )
  markInitialised(folder)
}

/** Says that `data` holds a whole cluster: after initdb, or after a restore was unpacked. */
export function markInitialised(folder: ServerFolder): void {
  writeFileSync(join(folder.root, 'initialised'), '')
}

export function ensureFolder(folder: ServerFolder): void {
  mkdirSync(folder.root, { recursive: true, mode: 0o700 })
  // The server's user must reach its folder; what lies beside stays closed by its own mode.
  if (operatingUser() !== undefined) openPath(dirname(folder.root))
  give(folder.root)
  chmodSync(folder.root, 0o700)
}

/** Lets other users pass (not list) the folders above, as far as we own them. */
function openPath(path: string): void {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    const { mode, uid } = statSync(at)
    if ((mode & 0o001) === 0 && uid === process.getuid?.()) chmodSync(at, (mode & 0o7777) | 0o001)
  }
}

/** Hands a file or folder to the user that PostgreSQL runs as. */
export function give(path: string): void {
  const user = operatingUser()
  if (user !== undefined) chownSync(path, user.uid, user.gid)
}
