import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import { lockFolder } from '../lib/folder-lock.ts'
import { hasCode } from '../lib/has-code.ts'
import type { Log } from '../lib/log.ts'
import { initialise, openCluster } from '../lib/postgres/cluster.ts'
import { startServer, stopServer } from '../lib/postgres/server.ts'

/** The control plane's own PostgreSQL. `stop` ends it cleanly and frees the data folder. */
export type EmbeddedDatabase = {
  connectionString: string
  port: number
  adopted: boolean
  stop(): Promise<void>
}

const SUPERUSER = 'fairway'

/**
 * Starts PostgreSQL in `<dataFolder>/postgres`, or adopts the one that a killed Fairway left running there. Errors:
 * `conflict` when another Fairway uses the folder, `database_unavailable` when the server does not start.
 */
export async function startEmbeddedDatabase(dataFolder: string, log: Log): Promise<EmbeddedDatabase> {
  await mkdir(dataFolder, { recursive: true })
  const lock = await lockFolder(dataFolder)
  if ('heldBy' in lock) throw folderInUse(dataFolder, lock.heldBy)
  try {
    return await start(dataFolder, log, () => lock.release())
  } catch (cause) {
    await lock.release()
    throw new FairwayError(
      'database_unavailable',
      'Fairway cannot start its own PostgreSQL. The log says why; DATABASE_URL can name another one.',
      { cause, detail: cause instanceof Error ? cause.message : String(cause) },
    )
  }
}

async function start(dataFolder: string, log: Log, release: () => Promise<void>): Promise<EmbeddedDatabase> {
  const cluster = await openCluster(join(dataFolder, 'postgres'), join(dataFolder, 'programs'))
  const password = await keptPassword(join(dataFolder, 'postgres.password'))
  await initialise(cluster, { name: SUPERUSER, password })
  const { port, pid, adopted } = await startServer(cluster, { max_connections: '200' })
  log.info({ port, pid, adopted, version: cluster.binaries.version }, 'PostgreSQL is running')
  return {
    connectionString: `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`,
    port,
    adopted,
    stop: async () => {
      await stopServer(cluster)
      await release()
    },
  }
}

/** Written before the database is made, so that the two can never disagree. */
async function keptPassword(path: string): Promise<string> {
  try {
    await writeFile(path, randomBytes(24).toString('base64url'), { mode: 0o600, flag: 'wx', flush: true })
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  }
  return (await readFile(path, 'utf8')).trim()
}

const folderInUse = (folder: string, pid: number | undefined): FairwayError =>
  new FairwayError(
    'conflict',
    `Another Fairway${pid === undefined ? '' : ` (process ${pid})`} uses the data folder ${folder}. Stop it first, or give this one another folder with FAIRWAY_DATA.`,
  )
