import { FairwayError } from '@fairway/contract/errors'
import {
  type AddonRow,
  deleteGeneration,
  findAddon,
  insertGeneration,
  nextGeneration,
  swapGenerations,
} from '../db/addons.ts'
import { type BackupRow, type Failure, findBackup } from '../db/backups.ts'
import type { Tx } from '../db/db.ts'
import { recordEvent } from '../db/events.ts'
import { findRestore, firstRestore, moveRestore, type RestoreRow, recordVerified } from '../db/restores.ts'
import { wakeRunsWaitingFor } from '../db/waiters.ts'
import { schedule, type WorkItem, withLease } from '../db/work.ts'
import { present } from '../lib/assert.ts'
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
 * Carries out one restore: into a new generation beside the one in use, verified by reading every table, then swapped
 * in; it is completed when the addon was seen to answer with the new data. Until the swap the old data is untouched, and
 * failure or abort removes the new one; after it the old data is kept. Key: the restore's id.
 */
export const restoreHandler =
  (deps: AddonDeps) =>
  async (item: WorkItem, signal: AbortSignal): Promise<Woken> => {
    const restore = await findRestore(deps.db, item.key)
    if (restore === undefined) return RESTS
    const addon = await findAddon(deps.db, keyOf(restore))
    if (addon === undefined) return RESTS
    const job = { deps, item, restore, addon }
    switch (restore.status) {
      case 'scheduled':
        return begin(job)
      case 'in-progress':
        return proceed(job, signal)
      case 'aborting':
        return discard(job, 'aborted')
      default:
        return RESTS
    }
  }

export const restoreCrashPoints = [
  'restore.after-begin',
  'restore.after-clear',
  'restore.after-restore',
  'restore.after-verified',
  'restore.after-swap',
  'restore.after-discard',
] as const

type Job = { deps: AddonDeps; item: WorkItem; restore: RestoreRow; addon: AddonRow }

const START_DEADLINE_MS = 60 * 60_000
const RUN_DEADLINE_MS = 4 * 60 * 60_000
const SERVE_DEADLINE_MS = RUN_DEADLINE_MS + 15 * 60_000
const WAIT_MS = 300
const ATTEMPTS = 3

async function begin(job: Job): Promise<Woken> {
  const { deps, item, restore } = job
  if (restore.abort_requested) return finish(job, 'aborted')
  if (isLater(deps.clock, restore.created_at, START_DEADLINE_MS))
    return finish(job, 'failed', {
      code: 'timed_out',
      message: 'Another restore of this addon took over an hour. Try again when it is done.',
    })
  if ((await firstRestore(deps.db, keyOf(restore))) !== restore.id) return { wakeAfterMs: WAIT_MS }
  await withLease(deps.db, item, async (tx) => {
    await wakeAddon(tx, restore)
    const generation = await nextGeneration(tx, keyOf(restore))
    if (!(await moveRestore(tx, restore.id, 'in-progress', { generation }))) return
    await insertGeneration(tx, keyOf(restore), {
      generation,
      state: 'restoring',
      restoredFrom: restore.backup_id,
    })
    await say(tx, restore, { status: 'in-progress', generation })
  })
  deps.crash.hit('restore.after-begin')
  return AGAIN
}

function proceed(job: Job, signal: AbortSignal): Promise<Woken> {
  const { restore, addon } = job
  if (addon.generation === restore.generation) return untilServed(job)
  if (restore.abort_requested) return moveToAborting(job)
  return restore.verified === null ? restoreBeside(job, signal) : swap(job)
}

async function restoreBeside(job: Job, signal: AbortSignal): Promise<Woken> {
  const { deps, restore } = job
  const startedAt = restore.started_at ?? restore.created_at
  const watch = watchForAbort(signal, {
    deadlineMs: startedAt.getTime() + RUN_DEADLINE_MS - deps.clock.now().getTime(),
    isRequested: async () => (await findRestore(deps.db, restore.id))?.abort_requested ?? true,
    onError: (error) => deps.log.warn({ err: error, restore: restore.id }, 'cannot see whether to abort'),
  })
  try {
    await writeAndVerify(job, watch.signal)
    return AGAIN
  } catch (error) {
    return await stopped(job, watch, error)
  } finally {
    watch.end()
  }
}

async function writeAndVerify(job: Job, signal: AbortSignal): Promise<void> {
  const { deps, item, restore, addon } = job
  const backup = await backupOf(job)
  const engine = engineOf(deps, addon.type)
  const place = newPlace(job)
  // An attempt that was cut off may have left half a directory.
  await engine.destroy(place)
  deps.crash.hit('restore.after-clear')
  const verified = await engine.restore(place, {
    settings: settingsOf(deps, addon),
    record: backup.record as BackupRecord,
    type: backup.type,
    storage: await storageOf(deps, backup.destination_id),
    signal,
    log: (line) => deps.log.debug({ restore: restore.id }, line),
  })
  deps.crash.hit('restore.after-restore')
  await withLease(deps.db, item, async (tx) => {
    await recordVerified(tx, restore.id, verified)
    await say(tx, restore, { verified })
  })
  deps.crash.hit('restore.after-verified')
}

/** The addon's own worker stops the old server and starts the new one at the old address. */
async function swap(job: Job): Promise<Woken> {
  const { deps, item, restore } = job
  await withLease(deps.db, item, async (tx) => {
    await wakeAddon(tx, restore)
    const generation = present(restore.generation, 'a restore in progress has a generation')
    if (await swapGenerations(tx, keyOf(restore), generation)) await say(tx, restore, { swapped: true })
  })
  deps.crash.hit('restore.after-swap')
  return AGAIN
}

async function untilServed(job: Job): Promise<Woken> {
  const { deps, restore, addon } = job
  const up = addon.status === 'running' || addon.status === 'backup' || addon.status === 'restore'
  if (up && addon.endpoint?.generation === restore.generation) return finish(job, 'completed')
  if (!isLater(deps.clock, restore.started_at, SERVE_DEADLINE_MS)) return { wakeAfterMs: WAIT_MS }
  return finish(job, 'failed', {
    code: 'timed_out',
    message: 'The restored data is in place, but the addon does not run with it. The replaced data is kept.',
  })
}

async function stopped(job: Job, watch: AbortWatch, error: unknown): Promise<Woken> {
  const { deps, item, restore } = job
  if (error instanceof FairwayError && error.code === 'lease_lost') throw error
  if (watch.reason() === 'interrupted') return AGAIN
  if (watch.reason() === 'requested') return moveToAborting(job)
  const definite = error instanceof FairwayError || watch.reason() === 'deadline'
  if (!definite && item.failures + 1 < ATTEMPTS) throw error
  deps.log.error({ err: error, restore: restore.id }, 'a restore failed')
  const failure = failureOf(error, {
    code: 'restore_failed',
    message: `The restore failed ${ATTEMPTS} times. The data in use was not touched. The log says why.`,
  })
  return discard(
    job,
    'failed',
    watch.reason() === 'deadline'
      ? { code: 'timed_out', message: 'The restore took over 4 hours.' }
      : failure,
  )
}

async function moveToAborting({ deps, item, restore }: Job): Promise<Woken> {
  await withLease(deps.db, item, (tx) => moveRestore(tx, restore.id, 'aborting'))
  return AGAIN
}

/** Removes the new generation, then says how the restore ended. */
async function discard(job: Job, to: 'aborted' | 'failed', error?: Failure): Promise<Woken> {
  if (job.restore.generation !== null) await engineOf(job.deps, job.addon.type).destroy(newPlace(job))
  job.deps.crash.hit('restore.after-discard')
  return finish(job, to, error)
}

async function finish(
  { deps, item, restore }: Job,
  to: 'completed' | 'aborted' | 'failed',
  error?: Failure,
): Promise<Woken> {
  await withLease(deps.db, item, async (tx) => {
    await wakeAddon(tx, restore)
    if (!(await moveRestore(tx, restore.id, to, error === undefined ? {} : { error }))) return
    const discarded = to !== 'completed' && restore.generation !== null
    const addon = await findAddon(tx, keyOf(restore))
    if (discarded && addon?.generation !== restore.generation)
      await deleteGeneration(tx, keyOf(restore), restore.generation ?? 0)
    await wakeRunsWaitingFor(tx, 'restore', restore.id)
    await say(tx, restore, { status: to, ...(error === undefined ? {} : { error }) })
  })
  return RESTS
}

/** Before anything of the addon is locked: its worker locks its work first and the addon then. */
const wakeAddon = (tx: Tx, restore: RestoreRow): Promise<void> => schedule(tx, 'addon', subjectOf(restore))

const say = (tx: Tx, restore: RestoreRow, data: Record<string, unknown>): Promise<void> =>
  recordEvent(tx, {
    projectId: restore.project_id,
    topic: 'addon',
    subject: subjectOf(restore),
    type: 'addon.restore',
    data: { restoreId: restore.id, ...data },
  })

const subjectOf = (restore: RestoreRow): string => `${restore.project_id}/${restore.addon_id}`

const keyOf = (restore: RestoreRow) => ({ projectId: restore.project_id, addonId: restore.addon_id })

const newPlace = ({ addon, restore }: Job) =>
  placeOf(addon, present(restore.generation, 'a restore in progress has a generation'))

async function backupOf({ deps, restore }: Job): Promise<BackupRow> {
  const backup = await findBackup(deps.db, restore.backup_id)
  if (backup?.status === 'completed') return backup
  throw new FairwayError('restore_failed', 'The backup of this restore does not exist any more.')
}
