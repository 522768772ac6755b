import type { Db, Tx } from './db.ts'
import { toJson } from './db.ts'

export type SecretVersions = { own: number; groups: Record<string, number> }

/** What a rollout installs. Never changed once written. */
export type RevisionRow = {
  id: string
  project_id: string
  service_id: string
  number: number
  artifact_kind: 'bundle' | 'image'
  artifact_digest: string
  source: unknown
  build_id: string | null
  config_version: number
  config: RevisionConfig
  secret_versions: SecretVersions
  environment_hash: string
  reason: string
  created_at: Date
}

/** The part of a service's spec that instances run with, as stored. */
export type RevisionConfig = Record<string, unknown>

const columns = [
  'id',
  'project_id',
  'service_id',
  'number',
  'artifact_kind',
  'artifact_digest',
  'source',
  'build_id',
  'config_version',
  'config',
  'secret_versions',
  'environment_hash',
  'reason',
  'created_at',
] as const

export async function findRevision(db: Db, id: string | null): Promise<RevisionRow | undefined> {
  if (id === null) return undefined
  const row = await db.selectFrom('revision').select(columns).where('id', '=', id).executeTakeFirst()
  return row as RevisionRow | undefined
}

export type NewRevision = Omit<RevisionRow, 'number' | 'created_at'> & { created_by: string }

/** Gives the revision the service's next number. The service row is locked by the caller. */
export async function insertRevision(tx: Tx, revision: NewRevision): Promise<void> {
  const { number } = await tx
    .selectFrom('revision')
    .select((eb) => eb.fn.coalesce(eb.fn.max('number'), eb.lit(0)).as('number'))
    .where('project_id', '=', revision.project_id)
    .where('service_id', '=', revision.service_id)
    .executeTakeFirstOrThrow()
  await tx
    .insertInto('revision')
    .values({
      ...revision,
      number: Number(number) + 1,
      source: toJson(revision.source),
      config: toJson(revision.config),
      secret_versions: toJson(revision.secret_versions),
    })
    .execute()
}
