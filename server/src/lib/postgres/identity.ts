import { readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The user a server process runs as. */
export type Identity = { uid: number; gid: number }

const CANDIDATES = ['postgres', 'nobody']

/** Postgres refuses to run as root: for root another user of this host, otherwise undefined (run as ourselves). */
export async function serverIdentity(): Promise<Identity | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const entries = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  for (const name of CANDIDATES) {
    const entry = entries.find(([user]) => user === name)
    if (entry !== undefined) return { uid: Number(entry[2]), gid: Number(entry[3]) }
  }
  throw new Error(
    'PostgreSQL cannot run as root, and this host has neither a user "postgres" nor a user "nobody". Add one, or start as an ordinary user.',
  )
}

/** Whether the user may enter `folder`, judged by the mode bits of it and of all folders above. */
export async function canEnter(folder: string, identity: Identity): Promise<boolean> {
  const { uid, gid, mode } = await stat(folder)
  if ((mode & executeBit(identity, { uid, gid })) === 0) return false
  const parent = dirname(folder)
  return parent === folder || canEnter(parent, identity)
}

function executeBit(identity: Identity, owner: Identity): number {
  if (identity.uid === owner.uid) return 0o100
  return identity.gid === owner.gid ? 0o010 : 0o001
}
