import type { TemplateDocument } from '@fairway/contract/resources/template'
import { sourcesOf, type TemplateVersionStatus, templateVersionMoves } from '@fairway/contract/states'
import { type Db, type Tx, toJson } from './db.ts'
import { newId } from './work.ts'

/** `projectId` null: a template of the team. */
export type TemplateKey = { projectId: string | null; templateId: string }

export type TemplateRow = {
  uid: string
  project_id: string | null
  id: string
  name: string
  description: string
  argument_overrides: Buffer | null
  /** What runs; null: nothing is published yet. */
  version: number | null
  document: TemplateDocument | null
  created_at: Date
  updated_at: Date
}

const columns = [
  'uid',
  'project_id',
  'id',
  'name',
  'description',
  'argument_overrides',
  'version',
  'document',
  'created_at',
  'updated_at',
] as const

const inScope = (db: Db, projectId: string | null) => {
  const query = db.selectFrom('template').select(columns)
  return projectId === null
    ? query.where('project_id', 'is', null)
    : query.where('project_id', '=', projectId)
}

export async function findTemplate(
  db: Db,
  { projectId, templateId }: TemplateKey,
): Promise<TemplateRow | undefined> {
  const row = await inScope(db, projectId).where('id', '=', templateId).executeTakeFirst()
  return row as TemplateRow | undefined
}

/** By the id of a run's template. */
export async function findTemplateByUid(db: Db, uid: string): Promise<TemplateRow | undefined> {
  const row = await db.selectFrom('template').select(columns).where('uid', '=', uid).executeTakeFirst()
  return row as TemplateRow | undefined
}

/** Locked: who saves it, and who starts, concludes or queues a run of it, does so one after another. */
export async function lockTemplate(tx: Tx, uid: string): Promise<TemplateRow | undefined> {
  const row = await tx
    .selectFrom('template')
    .select(columns)
    .where('uid', '=', uid)
    .forUpdate()
    .executeTakeFirst()
  return row as TemplateRow | undefined
}

/** One row more than the page holds. */
export async function listTemplates(
  db: Db,
  projectId: string | null,
  page: { limit: number; offset: number },
): Promise<TemplateRow[]> {
  const rows = await inScope(db, projectId)
    .orderBy('id')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
  return rows as TemplateRow[]
}

/** Undefined: there is a template of this name. */
export async function insertTemplate(
  tx: Tx,
  { projectId, templateId }: TemplateKey,
  name: string,
): Promise<TemplateRow | undefined> {
  const row = await tx
    .insertInto('template')
    .values({ uid: newId(), project_id: projectId, id: templateId, name })
    .onConflict((conflict) => conflict.doNothing())
    .returning(columns)
    .executeTakeFirst()
  return row as TemplateRow | undefined
}

export type TemplateChange = {
  description?: string
  argument_overrides?: Buffer
  published?: { version: number; document: TemplateDocument }
}

export async function updateTemplate(tx: Tx, uid: string, change: TemplateChange): Promise<void> {
  const { published, ...rest } = change
  await tx
    .updateTable('template')
    .set((eb) => ({
      ...rest,
      ...(published && { version: published.version, document: toJson(published.document) }),
      updated_at: eb.fn<Date>('now'),
    }))
    .where('uid', '=', uid)
    .execute()
}

export async function deleteTemplate(tx: Tx, uid: string): Promise<void> {
  await tx.deleteFrom('template').where('uid', '=', uid).execute()
}

export type TemplateVersionRow = {
  version: number
  status: TemplateVersionStatus
  document: TemplateDocument
  created_by: string | null
  created_at: Date
  decided_by: string | null
  decided_at: Date | null
  /** That it came from, or went to. */
  commit_sha: string | null
}

const versionColumns = [
  'version',
  'status',
  'document',
  'created_by',
  'created_at',
  'decided_by',
  'decided_at',
  'commit_sha',
] as const

/** Newest first; one row more than the page holds. */
export async function listTemplateVersions(
  db: Db,
  uid: string,
  page: { limit: number; offset: number },
): Promise<TemplateVersionRow[]> {
  const rows = await db
    .selectFrom('template_version')
    .select(versionColumns)
    .where('template_uid', '=', uid)
    .orderBy('version', 'desc')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
  return rows as TemplateVersionRow[]
}

export async function findTemplateVersion(
  db: Db,
  uid: string,
  version: number,
): Promise<TemplateVersionRow | undefined> {
  const row = await db
    .selectFrom('template_version')
    .select(versionColumns)
    .where('template_uid', '=', uid)
    .where('version', '=', version)
    .executeTakeFirst()
  return row as TemplateVersionRow | undefined
}

type NewVersion = Pick<TemplateVersionRow, 'version' | 'document'> & {
  status: 'draft' | 'published'
  created_by: string
  commit_sha?: string | undefined
}

export async function insertTemplateVersion(tx: Tx, uid: string, version: NewVersion): Promise<void> {
  await tx
    .insertInto('template_version')
    .values({ ...version, template_uid: uid, document: toJson(version.document) })
    .execute()
}

type Decision = { version: number; to: 'published' | 'closed'; by: string; at: Date }

/** The one writer of a version's status. False: it is no draft any more. */
export async function decideTemplateVersion(
  tx: Tx,
  uid: string,
  { version, to, by, at }: Decision,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('template_version')
    .set({ status: to, decided_by: by, decided_at: at })
    .where('template_uid', '=', uid)
    .where('version', '=', version)
    .where('status', 'in', sourcesOf(templateVersionMoves, to))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** What was published after this version, oldest first: whose changes a commit carries. */
export async function listPublishedSince(
  db: Db,
  uid: string,
  from: number,
): Promise<Pick<TemplateVersionRow, 'version' | 'created_by' | 'created_at'>[]> {
  return db
    .selectFrom('template_version')
    .select(['version', 'created_by', 'created_at'])
    .where('template_uid', '=', uid)
    .where('version', '>', from)
    .where('status', '=', 'published')
    .orderBy('version')
    .execute()
}

/** Remembers the commit that a version went to. */
export async function noteTemplateCommit(
  tx: Tx,
  uid: string,
  { version, commit }: { version: number; commit: string },
): Promise<void> {
  await tx
    .updateTable('template_version')
    .set({ commit_sha: commit })
    .where('template_uid', '=', uid)
    .where('version', '=', version)
    .execute()
}
