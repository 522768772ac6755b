import { FairwayError } from '@fairway/contract/errors'
import { adminClient, readEverything, type ServerAddress } from '../postgres/sessions.ts'
import type { BackupRequest } from '../store-backup.ts'
import type { AddonKind, RunningAddon } from './addon-kind.ts'
import { CommandFailed, runCommand } from './run-command.ts'

export const postgresKind: AddonKind = {
  type: 'postgresql',
  name: 'PostgreSQL',
  major: '15',
  port: 5432,
  backupTypes: ['snapshot', 'dump'],
  read: (addon, request) => (request.type === 'dump' ? dump(addon, request) : snapshot(addon, request)),
  load: async (addon, { settings, signal }, input) => {
    const args = ['load', settings.database, settings.username]
    try {
      for await (const _ of runCommand(addon.container, { args, input, signal }));
    } catch (error) {
      throw failed(error, 'restore_failed', 'pg_restore could not load the dump. The log says why.')
    }
  },
  verify: (addon, { settings, signal }) => readEverything(addressOf(addon), settings, signal),
}

const addressOf = ({ place, endpoint }: RunningAddon): ServerAddress => ({
  host: endpoint.externalHost,
  port: endpoint.port,
  ...(endpoint.ca !== undefined && { tls: { ca: endpoint.ca, servername: place.addonId } }),
})

async function* dump({ container }: RunningAddon, { settings, signal }: BackupRequest) {
  try {
    yield* runCommand(container, { args: ['dump', settings.database], signal })
  } catch (error) {
    throw failed(error, 'backup_failed', 'pg_dump could not read the database. The log says why.')
  }
}

/** The server keeps its log for a session of ours while the data is copied, and no longer than that session lives. */
async function* snapshot(addon: RunningAddon, { settings, signal }: BackupRequest) {
  const client = adminClient(addressOf(addon), settings)
  const lost = new AbortController()
  client.on('error', (error) => lost.abort(error))
  try {
    await client.connect()
    await client.query(
      `select pg_create_physical_replication_slot('fairway_' || pg_backend_pid(), true, true)`,
    )
    const cut = AbortSignal.any([signal, lost.signal])
    yield* runCommand(addon.container, { args: ['snapshot'], signal: cut })
  } catch (error) {
    throw failed(error, 'backup_failed', 'pg_basebackup could not copy the data. The log says why.')
  } finally {
    await client.end()
  }
}

const failed = (error: unknown, code: 'backup_failed' | 'restore_failed', sentence: string): unknown =>
  error instanceof CommandFailed
    ? new FairwayError(code, sentence, { cause: error, detail: error.words })
    : error
