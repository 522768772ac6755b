import type { GitopsSettings, GitopsSide, GitopsState } from '@fairway/contract/resources/gitops'
import { sql } from 'kysely'
import { type Db, type Tx, toJson } from './db.ts'
import type { FlowKey } from './release-flows.ts'
import type { TemplateKey } from './templates.ts'

/** Whose file it is. */
export type DocumentKey = FlowKey | TemplateKey

export const isTemplateKey = (key: DocumentKey): key is TemplateKey => 'templateId' in key

/** A document that is kept the same as a file; see the migration for what each column means. */
export type GitopsLinkRow = {
  id: string
  /** Null: of a template of the team. */
  project_id: string | null
  pipeline_id: string | null
  stage: FlowKey['stage'] | null
  template_uid: string | null
  template_id: string | null
  settings: GitopsSettings
  state: GitopsState
  message: string | null
  line: number | null
  head_sha: string | null
  base_sha: string | null
  base_blob: string | null
  base_version: number | null
  pushing_blob: string | null
  pushing_version: number | null
  pushing_sha: string | null
  seen_blob: string | null
  seen_text: string | null
  take: GitopsSide | null
  take_blob: string | null
  take_version: number | null
  checked_at: Date | null
}

const columns = [
  'id',
  'project_id',
  'pipeline_id',
  'stage',
  'template_uid',
  'settings',
  'state',
  'message',
  'line',
  'head_sha',
  'base_sha',
  'base_blob',
  'base_version',
  'pushing_blob',
  'pushing_version',
  'pushing_sha',
  'seen_blob',
  'seen_text',
  'take',
  'take_blob',
  'take_version',
  'checked_at',
] as const

const select = (db: Db) =>
  db
    .selectFrom('gitops_link')
    .select(columns)
    .select((eb) =>
      eb
        .selectFrom('template')
        .select('template.id')
        .whereRef('template.uid', '=', 'gitops_link.template_uid')
        .as('template_id'),
    )

export const findGitopsLink = async (db: Db, id: string): Promise<GitopsLinkRow | undefined> =>
  (await select(db).where('id', '=', id).executeTakeFirst()) as GitopsLinkRow | undefined

/** Undefined: it was removed. */
export const lockGitopsLink = async (tx: Tx, id: string): Promise<GitopsLinkRow | undefined> =>
  (await select(tx).where('id', '=', id).forUpdate().executeTakeFirst()) as GitopsLinkRow | undefined

export const findGitopsLinkOfFlow = async (
  db: Db,
  { projectId, pipelineId, stage }: FlowKey,
): Promise<GitopsLinkRow | undefined> =>
  (await select(db)
    .where('project_id', '=', projectId)
    .where('pipeline_id', '=', pipelineId)
    .where('stage', '=', stage)
    .executeTakeFirst()) as GitopsLinkRow | undefined

export async function findGitopsLinkOfTemplate(
  db: Db,
  { projectId, templateId }: TemplateKey,
): Promise<GitopsLinkRow | undefined> {
  const row = await select(db)
    .where('template_uid', '=', (eb) =>
      eb
        .selectFrom('template')
        .select('template.uid')
        .where('template.id', '=', templateId)
        .where(sql<boolean>`template.project_id is not distinct from ${projectId}`),
    )
    .executeTakeFirst()
  return row as GitopsLinkRow | undefined
}

export const findGitopsLinkOf = (db: Db, key: DocumentKey): Promise<GitopsLinkRow | undefined> =>
  isTemplateKey(key) ? findGitopsLinkOfTemplate(db, key) : findGitopsLinkOfFlow(db, key)

/** The links whose file lies in one of these repositories, by `repository_key`. */
export async function listGitopsLinks(
  db: Db,
  { keys, projectId }: { keys: readonly string[]; projectId: string | undefined },
): Promise<GitopsLinkRow[]> {
  const rows = await select(db)
    .where(sql<boolean>`repository_key(settings ->> 'repoUrl') = any(${sql.val(keys)}::text[])`)
    .where(sql<boolean>`(${projectId ?? null}::text is null or project_id = ${projectId ?? null})`)
    .orderBy('id')
    .execute()
  return rows as GitopsLinkRow[]
}

export async function insertFlowLink(
  tx: Tx,
  { projectId, pipelineId, stage }: FlowKey,
  { id, settings }: { id: string; settings: GitopsSettings },
): Promise<void> {
  await tx
    .insertInto('gitops_link')
    .values({ id, project_id: projectId, pipeline_id: pipelineId, stage, settings: toJson(settings) })
    .execute()
}

export async function insertTemplateLink(
  tx: Tx,
  { uid, project_id }: { uid: string; project_id: string | null },
  { id, settings }: { id: string; settings: GitopsSettings },
): Promise<void> {
  await tx
    .insertInto('gitops_link')
    .values({ id, project_id, template_uid: uid, settings: toJson(settings) })
    .execute()
}

export async function deleteGitopsLink(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('gitops_link').where('id', '=', id).execute()
}

export type GitopsChange = Partial<
  Omit<
    GitopsLinkRow,
    'id' | 'project_id' | 'pipeline_id' | 'stage' | 'template_uid' | 'template_id' | 'settings'
  >
>

/** Writes what was found out about a link. */
export async function updateGitopsLink(tx: Tx, id: string, change: GitopsChange): Promise<void> {
  await tx.updateTable('gitops_link').set(change).where('id', '=', id).execute()
}

export async function setGitopsSettings(tx: Tx, id: string, settings: GitopsSettings): Promise<void> {
  await tx
    .updateTable('gitops_link')
    .set({ settings: toJson(settings) })
    .where('id', '=', id)
    .execute()
}

/** The versions after `from`, oldest first: whose changes a commit carries. */
export async function listFlowVersions(
  db: Db,
  { projectId, pipelineId, stage }: FlowKey,
  from: number,
): Promise<{ version: number; created_by: string | null; created_at: Date }[]> {
  return db
    .selectFrom('release_flow_version')
    .select(['version', 'created_by', 'created_at'])
    .where('project_id', '=', projectId)
    .where('pipeline_id', '=', pipelineId)
    .where('stage', '=', stage)
    .where('version', '>', from)
    .orderBy('version')
    .execute()
}

/** Remembers the commit that a version came from or went to. */
export async function noteVersionCommit(
  tx: Tx,
  { projectId, pipelineId, stage }: FlowKey,
  { version, commit }: { version: number; commit: string },
): Promise<void> {
  await tx
    .updateTable('release_flow_version')
    .set({ commit_sha: commit })
    .where('project_id', '=', projectId)
    .where('pipeline_id', '=', pipelineId)
    .where('stage', '=', stage)
    .where('version', '=', version)
    .execute()
}
