import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { FairwayError } from '@fairway/contract/errors'
import { hasCode } from '../../lib/has-code.ts'

/** pg_dump and pg_restore of one folder, as new as the server or newer: older ones refuse it. */
export type ClientPrograms = { pgDump: string; pgRestore: string }

/** Where distributions put them; the first is Debian's, by major version. */
const usualFolders = (major: number): string[] => [
  `/usr/lib/postgresql/${major}/bin`,
  `/usr/pgsql-${major}/bin`,
  '/usr/local/bin',
  '/usr/bin',
  '/opt/homebrew/bin',
]

export async function findClientPrograms(
  serverVersion: string,
  folders?: readonly string[],
): Promise<ClientPrograms | undefined> {
  const major = Number(serverVersion.split('.')[0])
  for (const folder of folders ?? usualFolders(major)) {
    const programs = { pgDump: join(folder, 'pg_dump'), pgRestore: join(folder, 'pg_restore') }
    const majors = await Promise.all([majorOf(programs.pgDump), majorOf(programs.pgRestore)])
    if (majors.every((found) => found !== undefined && found >= major)) return programs
  }
  return undefined
}

/** `not_supported` when there are none. */
export async function requireClientPrograms(
  serverVersion: string,
  folders?: readonly string[],
): Promise<ClientPrograms> {
  const programs = await findClientPrograms(serverVersion, folders)
  if (programs !== undefined) return programs
  throw new FairwayError(
    'not_supported',
    `A dump needs pg_dump and pg_restore ${serverVersion.split('.')[0]} or newer on this host. Install them, or take a snapshot.`,
  )
}

async function majorOf(program: string): Promise<number | undefined> {
  try {
    const { stdout } = await promisify(execFile)(program, ['--version'])
    const major = Number(/\b(\d+)(?:\.\d+|devel|beta|rc)/.exec(stdout)?.[1])
    return Number.isInteger(major) ? major : undefined
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES')) return undefined
    throw error
  }
}
