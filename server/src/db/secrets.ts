import type { SecretGroupSpec } from '@fairway/contract/resources/secret-group'
import { type Db, toJson } from './db.ts'

export type OwnerKind = 'service' | 'job'
export type Owner = { projectId: string; kind: OwnerKind; id: string }

export type SecretGroupRow = {
  id: string
  name: string
  description: string
  spec: SecretGroupSpec
  version: number
  created_at: Date
  updated_at: Date
}

const groupColumns = ['id', 'name', 'description', 'spec', 'version', 'created_at', 'updated_at'] as const

export async function listSecretGroups(db: Db, projectId: string): Promise<SecretGroupRow[]> {
  const rows = await db
    .selectFrom('secret_group')
    .select(groupColumns)
    .where('project_id', '=', projectId)
    .orderBy('id')
    .execute()
  return rows as SecretGroupRow[]
}

export async function findSecretGroup(
  db: Db,
  projectId: string,
  id: string,
): Promise<SecretGroupRow | undefined> {
  const row = await db
    .selectFrom('secret_group')
    .select(groupColumns)
    .where('project_id', '=', projectId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row as SecretGroupRow | undefined
}

export async function insertSecretGroup(
  db: Db,
  projectId: string,
  group: { id: string; name: string; description: string; spec: SecretGroupSpec },
): Promise<void> {
  await db
    .insertInto('secret_group')
    .values({ ...group, project_id: projectId, spec: toJson(group.spec) })
    .execute()
}

export async function updateSecretGroup(
  db: Db,
  projectId: string,
  id: string,
  change: { description: string; spec: SecretGroupSpec; version: number },
): Promise<void> {
  await db
    .updateTable('secret_group')
    .set({ ...change, spec: toJson(change.spec), updated_at: new Date() })
    .where('project_id', '=', projectId)
    .where('id', '=', id)
    .execute()
}

export async function deleteSecretGroup(db: Db, projectId: string, id: string): Promise<void> {
  await db.deleteFrom('secret_group').where('project_id', '=', projectId).where('id', '=', id).execute()
}

export async function insertSecretVersion(
  db: Db,
  projectId: string,
  groupId: string,
  value: { version: number; sealed: Buffer },
): Promise<void> {
  await db
    .insertInto('secret_version')
    .values({ project_id: projectId, group_id: groupId, ...value })
    .execute()
}

export async function readSecretVersion(
  db: Db,
  projectId: string,
  groupId: string,
  version: number,
): Promise<Buffer | undefined> {
  const row = await db
    .selectFrom('secret_version')
    .select('sealed')
    .where('project_id', '=', projectId)
    .where('group_id', '=', groupId)
    .where('version', '=', version)
    .executeTakeFirst()
  return row?.sealed
}

/** The newest version of a resource's own values, or the one asked for. */
export async function readOwnSecret(
  db: Db,
  owner: Owner,
  version?: number,
): Promise<{ version: number; sealed: Buffer } | undefined> {
  let query = db
    .selectFrom('own_secret')
    .select(['version', 'sealed'])
    .where('project_id', '=', owner.projectId)
    .where('owner_kind', '=', owner.kind)
    .where('owner_id', '=', owner.id)
  if (version !== undefined) query = query.where('version', '=', version)
  return query.orderBy('version', 'desc').limit(1).executeTakeFirst()
}

export async function insertOwnSecret(
  db: Db,
  owner: Owner,
  value: { version: number; sealed: Buffer },
): Promise<void> {
  await db
    .insertInto('own_secret')
    .values({ project_id: owner.projectId, owner_kind: owner.kind, owner_id: owner.id, ...value })
    .execute()
}

/** Called when the owner is deleted: its values go with it. */
export async function deleteOwnSecrets(db: Db, owner: Owner): Promise<void> {
  await db
    .deleteFrom('own_secret')
    .where('project_id', '=', owner.projectId)
    .where('owner_kind', '=', owner.kind)
    .where('owner_id', '=', owner.id)
    .execute()
}

export type AddonConnection = { id: string; type: string; endpoint: unknown; settings: Buffer }

/** What is needed to link addons: type, where it answers, sealed settings. */
export async function readAddonConnections(
  db: Db,
  projectId: string,
  ids: readonly string[],
): Promise<AddonConnection[]> {
  if (ids.length === 0) return []
  return db
    .selectFrom('addon')
    .select(['id', 'type', 'endpoint', 'settings'])
    .where('project_id', '=', projectId)
    .where('id', 'in', ids)
    .execute()
}
