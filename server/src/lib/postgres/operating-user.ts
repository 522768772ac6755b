import { readFileSync } from 'node:fs'

/** PostgreSQL refuses to run as root: then it runs as this user. */
export type OperatingUser = { uid: number; gid: number }

/** The system's `postgres`, else `nobody`; undefined when we are not root and need no other user. */
export function operatingUser(): OperatingUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  const entries = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  for (const name of ['postgres', 'nobody']) {
    const entry = entries.find((fields) => fields[0] === name)
    if (entry !== undefined) return { uid: Number(entry[2]), gid: Number(entry[3]) }
  }
  throw new Error('PostgreSQL cannot run as root, and there is no user "postgres" or "nobody" to run it as.')
}
