import { FairwayError } from '@fairway/contract/errors'
import { type AddonRow, findAddon } from '../db/addons.ts'
import {
  type BackupRow,
  backupExpiresInMs,
  deleteBackupRow,
  type Failure,
  findBackup,
  moveBackup,
  recordBackupKey,
  type StoredBackup,
} from '../db/backups.ts'
import type { Tx } from '../db/db.ts'
import { recordEvent } from '../db/events.ts'
import { backupIsBeingRestored } from '../db/restores.ts'
import { wakeRunsWaitingFor } from '../db/waiters.ts'
import { schedule, type WorkItem, withLease } from '../db/work.ts'
import { type AbortWatch, watchForAbort } from './abort-watch.ts'
import {
  type AddonDeps,
  AGAIN,
  engineOf,
  failureOf,
  isLater,
  placeOf,
  RESTS,
  settingsOf,
  storageOf,
  type Woken,
} from './addon-deps.ts'
import type { BackupRecord } from './addon-port.ts'

/**
 * Makes one backup. `scheduled` waits for the addon to run; `in-progress` writes; an attempt that was cut off starts
 * again from nothing after removing what the last one left, whose name was recorded before it wrote; `aborting` removes
 * it. A finished backup rests until it expires, then it is removed. Key: the backup's id.
 */
export const backupHandler =
  (deps: AddonDeps) =>
  async (item: WorkItem, signal: AbortSignal): Promise<Woken> => {
    const backup = await findBackup(deps.db, item.key)
    if (backup === undefined) return RESTS
    const job = { deps, item, backup }
    switch (backup.status) {
      case 'scheduled':
        return begin(job)
      case 'in-progress':
        return run(job, signal)
      case 'aborting':
        return finishAbort(job)
      default:
        return rest(job)
    }
  }

export const backupCrashPoints = [
  'backup.after-begin',
  'backup.after-key',
  'backup.after-write',
  'backup.after-complete',
  'backup.after-remove',
] as const

type Job = { deps: AddonDeps; item: WorkItem; backup: BackupRow }

const START_DEADLINE_MS = 30 * 60_000
const RUN_DEADLINE_MS = 4 * 60 * 60_000
const WAIT_MS = 500
const WHILE_RESTORED_MS = 60_000
/** Unexpected errors in a row after which it is given up. */
const ATTEMPTS = 3

async function begin(job: Job): Promise<Woken> {
  const { deps, backup } = job
  if (backup.abort_requested) return move(job, 'aborted')
  if (isLater(deps.clock, backup.created_at, START_DEADLINE_MS))
    return fail(job, {
      code: 'timed_out',
      message: 'The addon was not running for 30 minutes. Start it, then back it up again.',
    })
  const addon = await addonOf(job)
  const seen = await engineOf(deps, addon.type).observe(placeOf(addon))
  if (seen.state !== 'running') return { wakeAfterMs: WAIT_MS }
  await move(job, 'in-progress')
  deps.crash.hit('backup.after-begin')
  return AGAIN
}

async function run(job: Job, signal: AbortSignal): Promise<Woken> {
  const { deps, backup } = job
  if (backup.abort_requested) return move(job, 'aborting')
  const startedAt = backup.started_at ?? backup.created_at
  const left = startedAt.getTime() + RUN_DEADLINE_MS - deps.clock.now().getTime()
  const watch = watchForAbort(signal, {
    deadlineMs: left,
    isRequested: async () => (await findBackup(deps.db, backup.id))?.abort_requested ?? true,
    onError: (error) => deps.log.warn({ err: error, backup: backup.id }, 'cannot see whether to abort'),
  })
  try {
    const record = await write(job, watch.signal)
    deps.crash.hit('backup.after-write')
    await move(job, 'completed', { record })
    deps.crash.hit('backup.after-complete')
    return AGAIN
  } catch (error) {
    return await stopped(job, watch, error)
  } finally {
    watch.end()
  }
}

/** Each attempt writes under a name of its own, so that one that lost its lease cannot touch its successor's. */
async function write({ deps, item, backup }: Job, signal: AbortSignal): Promise<BackupRecord> {
  const addon = await addonOf({ deps, backup })
  const storage = await storageOf(deps, backup.destination_id)
  if (backup.record !== null) await storage.remove(backup.record.key)
  const key = `${backup.project_id}/${backup.addon_id}/${backup.id}-${item.lease.slice(0, 8)}`
  await withLease(deps.db, item, (tx) => recordBackupKey(tx, backup.id, key))
  deps.crash.hit('backup.after-key')
  try {
    return await engineOf(deps, addon.type).backup(placeOf(addon), {
      settings: settingsOf(deps, addon),
      type: backup.type,
      compression: backup.compression,
      key,
      storage,
      signal,
      log: (line) => deps.log.debug({ backup: backup.id }, line),
    })
  } catch (error) {
    await storage.remove(key)
    throw error
  }
}

async function stopped(job: Job, watch: AbortWatch, error: unknown): Promise<Woken> {
  const { deps, item, backup } = job
  if (error instanceof FairwayError && error.code === 'lease_lost') throw error
  if (watch.reason() === 'interrupted') return AGAIN
  if (watch.reason() === 'requested') return move(job, 'aborting')
  const definite = error instanceof FairwayError || watch.reason() === 'deadline'
  if (!definite && item.failures + 1 < ATTEMPTS) throw error
  deps.log.error({ err: error, backup: backup.id }, 'a backup failed')
  const failure = failureOf(error, {
    code: 'backup_failed',
    message: `The backup failed ${ATTEMPTS} times. The log says why.`,
  })
  return fail(
    job,
    watch.reason() === 'deadline' ? { code: 'timed_out', message: 'The backup took over 4 hours.' } : failure,
  )
}

async function finishAbort(job: Job): Promise<Woken> {
  await removeStored(job)
  return move(job, 'aborted')
}

/** Finished: nothing to do until it expires. */
async function rest(job: Job): Promise<Woken> {
  const { deps, item, backup } = job
  const ms = await backupExpiresInMs(deps.db, backup.id)
  if (ms === undefined) return RESTS
  if (ms > 0) return { wakeAfterMs: Math.ceil(ms) }
  if (await backupIsBeingRestored(deps.db, backup.id)) return { wakeAfterMs: WHILE_RESTORED_MS }
  await removeStored(job)
  deps.crash.hit('backup.after-remove')
  await withLease(deps.db, item, async (tx) => {
    await deleteBackupRow(tx, backup.id)
    await say(tx, backup, { type: 'backup.removed', data: {} })
  })
  return RESTS
}

async function removeStored({ deps, backup }: Job): Promise<void> {
  if (backup.record === null) return
  const storage = await storageOf(deps, backup.destination_id)
  await storage.remove(backup.record.key)
}

const fail = (job: Job, error: Failure): Promise<Woken> => move(job, 'failed', { error })

async function move(
  { deps, item, backup }: Job,
  to: 'in-progress' | 'completed' | 'aborting' | 'aborted' | 'failed',
  result: { record?: StoredBackup; error?: Failure } = {},
): Promise<Woken> {
  await withLease(deps.db, item, async (tx) => {
    if (!(await moveBackup(tx, backup.id, to, result))) return
    await schedule(tx, 'addon', `${backup.project_id}/${backup.addon_id}`)
    await say(tx, backup, { type: 'backup.status', data: { status: to, ...result } })
    await wakeRunsWaitingFor(tx, 'backup', backup.id)
  })
  return AGAIN
}

const say = (
  tx: Tx,
  backup: BackupRow,
  event: { type: string; data: Record<string, unknown> },
): Promise<void> =>
  recordEvent(tx, { projectId: backup.project_id, topic: 'backup', subject: backup.id, ...event })

const keyOf = (backup: BackupRow) => ({ projectId: backup.project_id, addonId: backup.addon_id })

async function addonOf({ deps, backup }: Pick<Job, 'deps' | 'backup'>): Promise<AddonRow> {
  const addon = await findAddon(deps.db, keyOf(backup))
  if (addon !== undefined) return addon
  throw new FairwayError('backup_failed', 'The addon of this backup does not exist any more.')
}
