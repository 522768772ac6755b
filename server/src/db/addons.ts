import type { AddonSpec } from '@fairway/contract/resources/addon'
import type { AddonStatus } from '@fairway/contract/states'
import { sql } from 'kysely'
import { type Db, type Tx, toJson } from './db.ts'

export type AddonKey = { projectId: string; addonId: string }

/** Where the addon answers, as observed, and which data directory it was then. */
export type ObservedEndpoint = {
  host: string
  port: number
  generation: number
  externalHost?: string
  ca?: string
}

export type AddonRow = {
  project_id: string
  id: string
  name: string
  description: string
  type: string
  spec: AddonSpec
  tags: string[]
  status: AddonStatus
  status_message: string | null
  paused: boolean
  deleting: boolean
  restart_requested: boolean
  generation: number
  settings: Buffer
  endpoint: ObservedEndpoint | null
  version: string | null
  created_at: Date
  updated_at: Date
}

const columns = [
  'project_id',
  'id',
  'name',
  'description',
  'type',
  'spec',
  'tags',
  'status',
  'status_message',
  'paused',
  'deleting',
  'restart_requested',
  'generation',
  'settings',
  'endpoint',
  'version',
  'created_at',
  'updated_at',
] as const

export async function findAddon(db: Db, { projectId, addonId }: AddonKey): Promise<AddonRow | undefined> {
  const row = await db
    .selectFrom('addon')
    .select(columns)
    .where('project_id', '=', projectId)
    .where('id', '=', addonId)
    .executeTakeFirst()
  return row as AddonRow | undefined
}

export async function listAddons(
  db: Db,
  projectId: string,
  page: { limit: number; offset: number },
): Promise<AddonRow[]> {
  const rows = await db
    .selectFrom('addon')
    .select(columns)
    .where('project_id', '=', projectId)
    .orderBy('id')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
  return rows as AddonRow[]
}

export type NewAddon = {
  name: string
  description: string
  type: string
  spec: AddonSpec
  tags: readonly string[]
  settings: Buffer
}

/** Inserts the addon and its first generation. False: the id is taken. */
export async function insertAddon(tx: Tx, key: AddonKey, addon: NewAddon): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('addon')
    .values({
      project_id: key.projectId,
      id: key.addonId,
      name: addon.name,
      description: addon.description,
      type: addon.type,
      spec: toJson(addon.spec),
      tags: [...addon.tags],
      settings: addon.settings,
    })
    .onConflict((conflict) => conflict.columns(['project_id', 'id']).doNothing())
    .executeTakeFirst()
  if (numInsertedOrUpdatedRows !== 1n) return false
  await insertGeneration(tx, key, { generation: 1, state: 'active', restoredFrom: null })
  return true
}

/** What people may change or ask for. */
export type AddonChange = {
  description?: string
  tags?: string[]
  spec?: AddonSpec
  paused?: boolean
  deleting?: true
  restart_requested?: boolean
}

export async function changeAddon(
  tx: Tx,
  { projectId, addonId }: AddonKey,
  change: AddonChange,
): Promise<void> {
  const { spec, ...plain } = change
  await tx
    .updateTable('addon')
    .set({ ...plain, ...(spec === undefined ? {} : { spec: toJson(spec) }), updated_at: sql<Date>`now()` })
    .where('project_id', '=', projectId)
    .where('id', '=', addonId)
    .execute()
}

/** What the reconciler saw. */
export type AddonSeen = {
  status: AddonStatus
  message: string | null
  endpoint: ObservedEndpoint | null
  version: string | null
}

/** True when it differs from what was seen before. */
export async function recordAddonSeen(
  tx: Tx,
  { projectId, addonId }: AddonKey,
  seen: AddonSeen,
): Promise<boolean> {
  const endpoint = seen.endpoint === null ? null : toJson(seen.endpoint)
  const { numAffectedRows } = await sql`
    update addon set status = ${seen.status}, status_message = ${seen.message}, endpoint = ${endpoint}::jsonb,
           version = coalesce(${seen.version}, version), updated_at = now()
     where project_id = ${projectId} and id = ${addonId}
       and (status, status_message, endpoint) is distinct from
           (${seen.status}, ${seen.message}, ${endpoint}::jsonb)`.execute(tx)
  return numAffectedRows === 1n
}

export async function deleteAddon(tx: Tx, { projectId, addonId }: AddonKey): Promise<void> {
  await tx.deleteFrom('addon').where('project_id', '=', projectId).where('id', '=', addonId).execute()
}

export type GenerationState = 'active' | 'restoring' | 'kept' | 'removed'
export type GenerationRow = {
  generation: number
  state: GenerationState
  restored_from: string | null
  created_at: Date
}

/** The data directories of an addon that are not yet gone, oldest first. */
export async function listGenerations(db: Db, { projectId, addonId }: AddonKey): Promise<GenerationRow[]> {
  const rows = await db
    .selectFrom('addon_generation')
    .select(['generation', 'state', 'restored_from', 'created_at'])
    .where('project_id', '=', projectId)
    .where('addon_id', '=', addonId)
    .orderBy('generation')
    .execute()
  return rows as GenerationRow[]
}

export async function insertGeneration(
  tx: Tx,
  { projectId, addonId }: AddonKey,
  row: { generation: number; state: GenerationState; restoredFrom: string | null },
): Promise<void> {
  await tx
    .insertInto('addon_generation')
    .values({
      project_id: projectId,
      addon_id: addonId,
      generation: row.generation,
      state: row.state,
      restored_from: row.restoredFrom,
    })
    .execute()
}

/** Moves a generation when it is still in `from`. */
export async function moveGeneration(
  tx: Tx,
  { projectId, addonId }: AddonKey,
  move: { generation: number; from: GenerationState; to: GenerationState },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('addon_generation')
    .set({ state: move.to })
    .where('project_id', '=', projectId)
    .where('addon_id', '=', addonId)
    .where('generation', '=', move.generation)
    .where('state', '=', move.from)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

export async function deleteGeneration(
  tx: Tx,
  { projectId, addonId }: AddonKey,
  generation: number,
): Promise<void> {
  await tx
    .deleteFrom('addon_generation')
    .where('project_id', '=', projectId)
    .where('addon_id', '=', addonId)
    .where('generation', '=', generation)
    .execute()
}

/** A number no data directory of this addon ever had. The addon's row is locked until the transaction ends. */
export async function nextGeneration(tx: Tx, { projectId, addonId }: AddonKey): Promise<number> {
  await sql`select 1 from addon where project_id = ${projectId} and id = ${addonId} for update`.execute(tx)
  const { rows } = await sql<{ next: number }>`
    select 1 + greatest(
      coalesce((select max(generation) from addon_generation
                 where project_id = ${projectId} and addon_id = ${addonId}), 0),
      coalesce((select max(generation) from restore
                 where project_id = ${projectId} and addon_id = ${addonId}), 0),
      (select generation from addon where project_id = ${projectId} and id = ${addonId})) as next`.execute(tx)
  return rows[0]?.next ?? 1
}

/** Makes a restored generation the one in use and keeps the old one. False: it is not waiting to be swapped in. */
export async function swapGenerations(tx: Tx, key: AddonKey, to: number): Promise<boolean> {
  const { rows } = await sql<{ generation: number }>`
    select generation from addon where project_id = ${key.projectId} and id = ${key.addonId} for update`.execute(
    tx,
  )
  const from = rows[0]?.generation
  if (
    from === undefined ||
    !(await moveGeneration(tx, key, { generation: to, from: 'restoring', to: 'active' }))
  )
    return false
  await moveGeneration(tx, key, { generation: from, from: 'active', to: 'kept' })
  await tx
    .updateTable('addon')
    .set({ generation: to, updated_at: sql<Date>`now()` })
    .where('project_id', '=', key.projectId)
    .where('id', '=', key.addonId)
    .execute()
  return true
}
