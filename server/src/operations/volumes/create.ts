import { FairwayError, invalid, notFound } from '@fairway/contract/errors'
import { slugOf } from '@fairway/contract/names'
import type { VolumeBody, VolumeSource } from '@fairway/contract/resources/volume'
import type { Tx } from '../../db/db.ts'
import { insertVolume, type VolumeKey, type VolumeRow } from '../../db/volumes.ts'
import { schedule } from '../../db/work.ts'
import type { Sealer } from '../../lib/seal.ts'
import { requireOpenProject } from '../projects/require.ts'
import { requireTags } from '../tags/save.ts'
import { attachVolume } from './attach.ts'
import { findBackupIn, requireVolume, volumeEvent, workKey } from './require.ts'

/**
 * Creates a volume; its worker makes it, empty or as a copy of `source`. Errors: `name_taken`, `not_found` (source,
 * service), `invalid_state` (the source is not ready), `invalid_request` (smaller than its source).
 */
export async function createVolume(
  tx: Tx,
  { projectId, actor }: { projectId: string; actor: string },
  body: VolumeBody,
  sealer: Sealer,
): Promise<VolumeRow> {
  await requireOpenProject(tx, projectId)
  await requireTags(tx, body.tags)
  const key = { projectId, volumeId: slugOf(body.name) }
  const { name, tags, mounts, spec } = body
  const source = body.source === undefined ? null : await requireSource(tx, projectId, body)
  const inserted = await insertVolume(tx, key, { name, tags, spec: { ...spec, mounts }, source })
  if (!inserted)
    throw new FairwayError('name_taken', `There is a volume "${key.volumeId}" already. Choose another name.`)
  await schedule(tx, 'volume', workKey(key))
  await volumeEvent(tx, key, { type: 'volume.create', actor, data: source === null ? {} : { source } })
  await attachFirst(tx, { ...key, actor }, body, sealer)
  return requireVolume(tx, key)
}

async function attachFirst(
  tx: Tx,
  caller: VolumeKey & { actor: string },
  { owningObject, attachedObjects }: VolumeBody,
  sealer: Sealer,
): Promise<void> {
  const object = attachedObjects[0] ?? owningObject
  if (object !== undefined) await attachVolume(tx, { ...caller, object }, sealer)
}

/** The source by its one id, when it can be copied now and fits. */
async function requireSource(tx: Tx, projectId: string, { source, spec }: VolumeBody): Promise<VolumeSource> {
  const { type, sourceId } = source as VolumeSource
  const found =
    type === 'volume'
      ? await requireSourceVolume(tx, { projectId, volumeId: sourceId })
      : await requireSourceBackup(tx, projectId, sourceId)
  if (spec.storageSize < found.storageSize)
    throw invalid('spec.storageSize', `must be at least that of the source: ${found.storageSize} MB`)
  return { type, sourceId: found.id }
}

async function requireSourceVolume(tx: Tx, key: VolumeKey) {
  const { id, status, spec } = await requireVolume(tx, key)
  if (status === 'BOUND') return { id, storageSize: spec.storageSize }
  throw new FairwayError('invalid_state', `The volume "${id}" is ${status}, so it cannot be copied.`)
}

async function requireSourceBackup(tx: Tx, projectId: string, sourceId: string) {
  const backup = await findBackupIn(tx, projectId, sourceId)
  if (backup === undefined) throw notFound('backup', sourceId)
  const { id, status, spec } = backup
  if (status === 'completed') return { id, storageSize: spec.storageSize }
  throw new FairwayError('invalid_state', `The backup is ${status}, so no volume can be made from it.`)
}
