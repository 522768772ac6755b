import { type FileHandle, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import type pg from 'pg'
import { hasCode } from '../../lib/has-code.ts'
import { type TarEntry, writeTar } from './tar-writer.ts'

/** Directories whose content the server makes anew; log files are not data. */
const EMPTIED = new Set([
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
  'log',
])
const LEFT_OUT = new Set([
  'postmaster.pid',
  'postmaster.opts',
  'backup_label',
  'tablespace_map',
  'pg_internal.init',
])
const CHUNK = 256 * 1024

type Source = { client: pg.Client; dataDirectory: string; signal: AbortSignal }

/**
 * A consistent copy of a running server's data directory as a tar archive, with the log that makes it consistent. The
 * session of `client` holds the backup: when it ends early the server gives the backup up, and nothing is left behind.
 */
export function baseBackup(source: Source): AsyncGenerator<Uint8Array> {
  return writeTar(entries(source))
}

async function* entries(source: Source): AsyncGenerator<TarEntry> {
  const { client, dataDirectory } = source
  await refuseTablespaces(client)
  // Keeps the log from being recycled while the copy is under way; it goes with the session.
  await client.query(`select pg_create_physical_replication_slot('fairway_' || pg_backend_pid(), true, true)`)
  const begin = await one<{ wal: string }>(
    client,
    `select pg_walfile_name(pg_backup_start('fairway', fast => true)) as wal`,
  )
  yield* folder(source, '')
  const end = await one<{ wal: string; labelfile: string }>(
    client,
    `select pg_walfile_name(lsn) as wal, labelfile from pg_backup_stop(wait_for_archive => false)`,
  )
  yield text('backup_label', end.labelfile)
  const names = await readdir(join(dataDirectory, 'pg_wal'))
  const needed = names.filter((name) => /^[0-9A-F]{24}$/.test(name) && name >= begin.wal && name <= end.wal)
  for (const name of needed.sort()) yield* file(source, `pg_wal/${name}`)
}

async function refuseTablespaces(client: pg.Client): Promise<void> {
  const { rows } = await client.query(
    `select 1 from pg_tablespace where spcname not in ('pg_default', 'pg_global')`,
  )
  if (rows.length === 0) return
  throw new FairwayError(
    'not_supported',
    'The database has tablespaces of its own, which a snapshot does not hold. Move their tables to pg_default.',
  )
}

async function* folder(source: Source, path: string): AsyncGenerator<TarEntry> {
  const children = await readdir(join(source.dataDirectory, path), { withFileTypes: true })
  for (const child of children) {
    source.signal.throwIfAborted()
    const childPath = path === '' ? child.name : `${path}/${child.name}`
    if (LEFT_OUT.has(child.name) || child.name.startsWith('pgsql_tmp')) continue
    if (child.isFile()) yield* file(source, childPath)
    if (!child.isDirectory()) continue
    yield { type: 'directory', path: childPath, mode: 0o700, modifiedAt: new Date(0) }
    if (!EMPTIED.has(childPath)) yield* folder(source, childPath)
    if (childPath === 'pg_wal') yield* walFolders()
  }
}

function* walFolders(): Generator<TarEntry> {
  for (const name of ['archive_status', 'summaries'])
    yield { type: 'directory', path: `pg_wal/${name}`, mode: 0o700, modifiedAt: new Date(0) }
}

/** Nothing when the file is gone by now: a table was dropped meanwhile. */
async function* file(source: Source, path: string): AsyncGenerator<TarEntry> {
  const handle = await openIfThere(join(source.dataDirectory, path))
  if (handle === undefined) return
  try {
    const { size, mtime } = await handle.stat()
    yield {
      type: 'file',
      path,
      mode: 0o600,
      modifiedAt: mtime,
      size,
      content: chunks(handle, source.signal),
    }
  } finally {
    await handle.close()
  }
}

async function* chunks(handle: FileHandle, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for (;;) {
    signal.throwIfAborted()
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, null)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
  }
}

const text = (path: string, content: string): TarEntry => {
  const bytes = Buffer.from(content)
  return {
    type: 'file',
    path,
    mode: 0o600,
    modifiedAt: new Date(0),
    size: bytes.length,
    content: once(bytes),
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

async function one<Row>(client: pg.Client, sql: string): Promise<Row> {
  const [row] = (await client.query(sql)).rows as Row[]
  if (row === undefined) throw new Error('the server answered nothing')
  return row
}
