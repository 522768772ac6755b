import { FairwayError } from '@fairway/contract/errors'
import { findService } from '../db/services.ts'
import { findVolumeBackup } from '../db/volume-backups.ts'
import {
  deleteVolumeRow,
  findVolume,
  moveVolume,
  noteVolume,
  type VolumeKey,
  type VolumeRow,
} from '../db/volumes.ts'
import { schedule, type WorkItem, withLease } from '../db/work.ts'
import { assertNever } from '../lib/assert.ts'
import { redeployService } from '../operations/services/redeploy.ts'
import { volumeEvent } from '../operations/volumes/require.ts'
import { type AbortWatch, watchForAbort } from './abort-watch.ts'
import { AGAIN, RESTS, storageOf, type Woken } from './addon-deps.ts'
import { clone, restore } from './volume-copy.ts'
import { isLeaseLost, type VolumeDeps } from './volume-deps.ts'
import { MAKE_DEADLINE_MS, planVolume, type VolumeAction } from './volume-plan.ts'

export const volumeCrashPoints = [
  'volume.after-disk',
  'volume.after-create',
  'volume.after-copy',
  'volume.after-bound',
  'volume.after-remove',
  'volume.after-forget',
] as const

const LOOK_EVERY_MS = 5 * 60_000
const REMOVE_AGAIN_MS = 2000

type Job = { deps: VolumeDeps; item: WorkItem; key: VolumeKey; volume: VolumeRow }

/**
 * Makes one volume as it is wanted: there, empty or as a checked copy of its source, or gone. A disk is used only when
 * its row says BOUND; an attempt that was cut off is removed and made again under another name. Key: `projectId/volumeId`.
 */
export const volumeHandler =
  (deps: VolumeDeps) =>
  async (item: WorkItem, signal: AbortSignal): Promise<Woken> => {
    const [projectId = '', volumeId = ''] = item.key.split('/')
    const key = { projectId, volumeId }
    const volume = await findVolume(deps.db, key)
    if (volume === undefined) return RESTS
    const { status, disk, created_at } = volume
    const wasMade = status === 'BOUND' || status === 'LOST'
    const action = planVolume({
      status,
      exists: wasMade && disk !== null && (await deps.volumes.exists(disk)),
      ageMs: deps.clock.now().getTime() - created_at.getTime(),
    })
    return act({ deps, item, key, volume }, action, signal)
  }

async function act(job: Job, action: VolumeAction, signal: AbortSignal): Promise<Woken> {
  switch (action.do) {
    case 'make':
      return make(job, signal)
    case 'give-up':
      return giveUp(job, 'The volume could not be made for 4 hours. Delete it and create it again.')
    case 'move':
      return move(job, action.to)
    case 'remove':
      return remove(job)
    case 'note':
      return note(job)
    case 'rest':
      return RESTS
    default:
      return assertNever(action)
  }
}

async function make(job: Job, signal: AbortSignal): Promise<Woken> {
  const { deps, key, volume } = job
  const watch = watchForAbort(signal, {
    deadlineMs: volume.created_at.getTime() + MAKE_DEADLINE_MS - deps.clock.now().getTime(),
    isRequested: async () => (await findVolume(deps.db, key))?.status !== 'PENDING',
    onError: (error) => deps.log.warn({ err: error, volume: key }, 'cannot see whether to go on'),
  })
  try {
    await fill(job, watch.signal)
    deps.crash.hit('volume.after-copy')
  } catch (error) {
    return await stopped(job, watch, error)
  } finally {
    watch.end()
  }
  await bind(job)
  deps.crash.hit('volume.after-bound')
  return AGAIN
}

async function stopped(job: Job, watch: AbortWatch, error: unknown): Promise<Woken> {
  if (isLeaseLost(error)) throw error
  // It is looked at anew: the deadline or the deletion acts.
  if (watch.reason() !== undefined) return AGAIN
  if (error instanceof FairwayError) {
    job.deps.log.warn({ err: error, volume: job.key }, 'a volume cannot be made')
    return giveUp(job, error.message)
  }
  await say(job, 'The volume cannot be made now. It is tried again; the log says why.')
  throw error
}

/** Each attempt has a disk of its own, so that one that lost its lease cannot write to its successor's. */
async function fill({ deps, item, key, volume }: Job, signal: AbortSignal): Promise<void> {
  const { volumes: store, crash } = deps
  if (volume.disk !== null) await store.remove(volume.disk)
  const disk = `fairway-${key.projectId}-${key.volumeId}-${item.lease.replaceAll('-', '').slice(0, 12)}`
  await withLease(deps.db, item, (tx) => noteVolume(tx, key, { disk }))
  volume.disk = disk
  crash.hit('volume.after-disk')
  await store.create({ ...key, disk }, { sizeMb: volume.spec.storageSize })
  crash.hit('volume.after-create')
  if (volume.source?.type === 'volume') await fromVolume(deps, { volume, disk, signal })
  if (volume.source?.type === 'backup') await fromBackup(deps, { volume, disk, signal })
}

type Filling = { volume: VolumeRow; disk: string; signal: AbortSignal }

async function fromVolume(deps: VolumeDeps, { volume, disk, signal }: Filling): Promise<void> {
  const volumeId = volume.source?.sourceId ?? ''
  const from = await findVolume(deps.db, { projectId: volume.project_id, volumeId })
  if (from?.disk === null || from?.status !== 'BOUND')
    throw new FairwayError('restore_failed', `The volume "${volumeId}" is not there any more to be copied.`)
  await clone(deps.volumes, { from: from.disk, to: disk, signal })
}

async function fromBackup(deps: VolumeDeps, { volume, disk, signal }: Filling): Promise<void> {
  const backup = await findVolumeBackup(deps.db, volume.source?.sourceId ?? '')
  if (backup?.status !== 'completed' || backup.record === null)
    throw new FairwayError('restore_failed', 'The backup is not there any more.')
  const storage = await storageOf(deps, backup.destination_id)
  await restore(deps.volumes, disk, { storage, record: backup.record, signal })
}

/** From now on instances may have it; a service that waits for it is deployed again. */
async function bind({ deps, item, key, volume }: Job): Promise<void> {
  await withLease(deps.db, item, async (tx) => {
    if (!(await moveVolume(tx, key, 'BOUND'))) return
    await volumeEvent(tx, key, { type: 'volume.status', data: { status: 'BOUND' } })
    const serviceId = (await findVolume(tx, key))?.service_id ?? null
    if (serviceId === null) return
    const service = await findService(tx, { projectId: key.projectId, serviceId })
    if (service === undefined || service.deleting) return
    await redeployService(
      tx,
      { projectId: volume.project_id, serviceId, reason: 'config', actor: 'volume' },
      deps.sealer,
    )
  })
}

async function giveUp(job: Job, message: string): Promise<Woken> {
  const { deps, item, key, volume } = job
  if (volume.disk !== null) await deps.volumes.remove(volume.disk)
  await withLease(deps.db, item, async (tx) => {
    if (await moveVolume(tx, key, 'FAILED', message))
      await volumeEvent(tx, key, { type: 'volume.status', data: { status: 'FAILED', message } })
  })
  return RESTS
}

async function move({ deps, item, key }: Job, to: 'BOUND' | 'LOST'): Promise<Woken> {
  const message = to === 'LOST' ? 'Its disk is not there any more. Create a volume from a backup.' : null
  await withLease(deps.db, item, async (tx) => {
    if (await moveVolume(tx, key, to, message))
      await volumeEvent(tx, key, { type: 'volume.status', data: { status: to, message } })
  })
  return AGAIN
}

async function note({ deps, item, key, volume }: Job): Promise<Woken> {
  const used = volume.disk === null ? undefined : await deps.volumes.usage(volume.disk)
  await withLease(deps.db, item, (tx) => noteVolume(tx, key, { used_mb: used ?? null }))
  return { wakeAfterMs: LOOK_EVERY_MS }
}

async function remove(job: Job): Promise<Woken> {
  const { deps, item, key, volume } = job
  try {
    if (volume.disk !== null) await deps.volumes.remove(volume.disk)
  } catch (error) {
    if (!(error instanceof FairwayError)) throw error
    // Shown on the volume, and tried until it goes: what uses it ends sooner or later.
    await say(job, error.message)
    return { wakeAfterMs: REMOVE_AGAIN_MS }
  }
  deps.crash.hit('volume.after-remove')
  await withLease(deps.db, item, async (tx) => {
    await deleteVolumeRow(tx, key)
    await schedule(tx, 'project', key.projectId)
    await volumeEvent(tx, key, { type: 'volume.deleted' })
  })
  deps.crash.hit('volume.after-forget')
  return RESTS
}

const say = ({ deps, item, key }: Job, status_message: string): Promise<void> =>
  withLease(deps.db, item, (tx) => noteVolume(tx, key, { status_message }))
