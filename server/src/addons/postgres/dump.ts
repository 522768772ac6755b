import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { FairwayError } from '@fairway/contract/errors'
import { hasCode } from '../../lib/has-code.ts'
import type { AddonSettings } from '../../reconcile/addon-port.ts'
import { ADMIN } from './sessions.ts'

type Session = { program: string; port: number; settings: AddonSettings; signal: AbortSignal }

/** The addon's database as pg_dump writes it. `backup_failed` when it fails; its words are in the detail. */
export async function* dumpDatabase(session: Session): AsyncGenerator<Uint8Array> {
  const { child, ended } = run(session, ['--format=custom', '--compress=none'])
  try {
    for await (const chunk of child.stdout ?? []) yield chunk as Uint8Array
    session.signal.throwIfAborted()
    const { code, words } = await ended
    if (code !== 0)
      throw new FairwayError('backup_failed', 'pg_dump could not read the database. The log says why.', {
        detail: words,
      })
  } finally {
    child.kill('SIGKILL')
  }
}

/** Fills the addon's empty database from a dump. `restore_failed` when pg_restore does not take all of it. */
export async function loadDump(session: Session, data: AsyncIterable<Uint8Array>): Promise<void> {
  const { child, ended } = run(session, [
    '--exit-on-error',
    '--no-owner',
    `--role=${session.settings.username}`,
  ])
  try {
    if (child.stdin === null) throw new Error('pg_restore has no input')
    const allTaken = await feed(data, child.stdin, session.signal)
    const { code, words } = await ended
    if (code !== 0 || !allTaken)
      throw new FairwayError('restore_failed', 'pg_restore could not load the dump. The log says why.', {
        detail: words,
      })
  } finally {
    child.kill('SIGKILL')
  }
}

/** False: the program ended before it read everything; its exit status and words say why. */
async function feed(data: AsyncIterable<Uint8Array>, stdin: Writable, signal: AbortSignal): Promise<boolean> {
  try {
    await pipeline(Readable.from(data, { objectMode: false }), stdin, { signal })
    return true
  } catch (error) {
    if (hasCode(error, 'EPIPE')) return false
    throw error
  }
}

/** The password goes by environment: an argument would show in the process list. */
function run({ program, port, settings }: Session, extra: readonly string[]) {
  const child = spawn(
    program,
    ['--host=127.0.0.1', `--port=${port}`, `--username=${ADMIN}`, `--dbname=${settings.database}`, ...extra],
    {
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', PGPASSWORD: settings.adminPassword },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  )
  return { child, ended: finish(child) }
}

const MOST_WORDS = 4000

async function finish(child: ChildProcess): Promise<{ code: number | null; words: string }> {
  let words = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-MOST_WORDS)
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, words }
}
