import type { VolumeSource, VolumeSpec } from '@fairway/contract/resources/volume'
import { sourcesOf, type VolumeStatus, volumeMoves } from '@fairway/contract/states'
import { sql } from 'kysely'
import { type Db, type Tx, toJson } from './db.ts'

export type VolumeKey = { projectId: string; volumeId: string }

export type VolumeRow = {
  project_id: string
  id: string
  name: string
  spec: VolumeSpec
  tags: string[]
  service_id: string | null
  status: VolumeStatus
  status_message: string | null
  /** Its name in the volume store; while it is being made, that of the attempt. */
  disk: string | null
  used_mb: number | null
  source: VolumeSource | null
  created_at: Date
  updated_at: Date
}

const columns = [
  'project_id',
  'id',
  'name',
  'spec',
  'tags',
  'service_id',
  'status',
  'status_message',
  'disk',
  'used_mb',
  'source',
  'created_at',
  'updated_at',
] as const

export async function findVolume(db: Db, { projectId, volumeId }: VolumeKey): Promise<VolumeRow | undefined> {
  const row = await db
    .selectFrom('volume')
    .select(columns)
    .where('project_id', '=', projectId)
    .where('id', '=', volumeId)
    .executeTakeFirst()
  return row as VolumeRow | undefined
}

/** Locked until the transaction ends. */
export async function lockVolume(tx: Tx, { projectId, volumeId }: VolumeKey): Promise<VolumeRow | undefined> {
  const row = await tx
    .selectFrom('volume')
    .select(columns)
    .where('project_id', '=', projectId)
    .where('id', '=', volumeId)
    .forUpdate()
    .executeTakeFirst()
  return row as VolumeRow | undefined
}

export async function listVolumes(
  db: Db,
  projectId: string,
  page: { limit: number; offset: number },
): Promise<VolumeRow[]> {
  const rows = await db
    .selectFrom('volume')
    .select(columns)
    .where('project_id', '=', projectId)
    .orderBy('id')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
  return rows as VolumeRow[]
}

/** The volumes that are meant for a service, whether they can be used yet or not. */
export async function volumesOfService(
  db: Db,
  { projectId, serviceId }: { projectId: string; serviceId: string },
): Promise<VolumeRow[]> {
  const rows = await db
    .selectFrom('volume')
    .select(columns)
    .where('project_id', '=', projectId)
    .where('service_id', '=', serviceId)
    .orderBy('id')
    .execute()
  return rows as VolumeRow[]
}

export type NewVolume = {
  name: string
  spec: VolumeSpec
  tags: readonly string[]
  source: VolumeSource | null
}

/** False: the id is taken. */
export async function insertVolume(tx: Tx, key: VolumeKey, volume: NewVolume): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('volume')
    .values({
      project_id: key.projectId,
      id: key.volumeId,
      name: volume.name,
      spec: toJson(volume.spec),
      tags: [...volume.tags],
      source: volume.source === null ? null : toJson(volume.source),
    })
    .onConflict((conflict) => conflict.columns(['project_id', 'id']).doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

export type VolumeChange = { spec?: VolumeSpec; tags?: string[]; service_id?: string | null }

export async function changeVolume(
  tx: Tx,
  { projectId, volumeId }: VolumeKey,
  { spec, ...plain }: VolumeChange,
): Promise<void> {
  await tx
    .updateTable('volume')
    .set({ ...plain, ...(spec !== undefined && { spec: toJson(spec) }), updated_at: sql<Date>`now()` })
    .where('project_id', '=', projectId)
    .where('id', '=', volumeId)
    .execute()
}

/** Moves a volume as the table of states allows. False: it is in a state that may not move there. */
export async function moveVolume(
  tx: Tx,
  { projectId, volumeId }: VolumeKey,
  to: VolumeStatus,
  message: string | null = null,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('volume')
    .set({ status: to, status_message: message, updated_at: sql<Date>`now()` })
    .where('project_id', '=', projectId)
    .where('id', '=', volumeId)
    .where('status', 'in', sourcesOf(volumeMoves, to))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** What the worker saw or does, beside the state. */
export async function noteVolume(
  tx: Tx,
  { projectId, volumeId }: VolumeKey,
  note: { disk?: string; used_mb?: number | null; status_message?: string | null },
): Promise<void> {
  await tx
    .updateTable('volume')
    .set(note)
    .where('project_id', '=', projectId)
    .where('id', '=', volumeId)
    .execute()
}

export async function deleteVolumeRow(tx: Tx, { projectId, volumeId }: VolumeKey): Promise<void> {
  await tx.deleteFrom('volume').where('project_id', '=', projectId).where('id', '=', volumeId).execute()
}

/**
 * The services that a disk is mounted in or will be: by what they run, shall run, or would go back to. A service keeps
 * a volume it was detached from until the version without it has taken over.
 */
export async function servicesUsingDisk(db: Db, projectId: string, disk: string): Promise<string[]> {
  const mounts = toJson([{ disk }])
  const { rows } = await sql<{ id: string }>`
    select distinct s.id from service s
      join revision r on r.project_id = s.project_id and r.service_id = s.id
     where s.project_id = ${projectId}
       and r.config -> 'volumes' @> ${mounts}::jsonb
       and (r.id = s.desired_revision or r.id = s.current_revision
            or exists (select 1 from instance i where i.revision_id = r.id and i.state <> 'gone'))
     order by s.id`.execute(db)
  return rows.map(({ id }) => id)
}

/** The volumes that are being made from this one. */
export async function copiesOfVolume(db: Db, { projectId, volumeId }: VolumeKey): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from volume
     where project_id = ${projectId} and status = 'PENDING'
       and source ->> 'type' = 'volume' and source ->> 'sourceId' = ${volumeId}`.execute(db)
  return rows.map(({ id }) => id)
}
