import { notFound } from '@fairway/contract/errors'
import type { ProcessLimits } from '@fairway/contract/resources/shapes'
import { type BuildStatus, buildMoves, sourcesOf, unfinished } from '@fairway/contract/states'
import { sql } from 'kysely'
import type { BuildOwner } from './build-choice.ts'
import { type Db, type Tx, toJson } from './db.ts'
import { reportLater } from './host-reports.ts'

export type BuildKey = { projectId: string; buildId: string }

/** What a build was asked to make; kept, so that a later change of its owner does not change it. */
export type BuildOrder = {
  url: string
  /** Folder of the repository, `/` for its root. */
  context: string
  dockerfile?: { path: string; target?: string; useCache: boolean }
  buildpack?: { builder?: string; locators: string[]; useCache: boolean }
  /** Ids of saved registry credentials for base images. */
  credentials?: string[]
  /** What the build may use. */
  limits?: ProcessLimits
  /** Arguments, files and secret mounts of this build alone, and what they are compared by. */
  values?: { fingerprint: string; sealed: string }
}

export type BuildOverrides = {
  buildArguments?: Record<string, string>
  buildFiles?: Record<string, { data: string; encoding?: string }>
  dockerSecretMounts?: Record<string, { data: string; encoding?: string }>
  docker?: { dockerFilePath?: string; dockerWorkDir?: string; dockerfileTarget?: string }
}

export type BuildError = { code: string; message: string; log: string[] }

export type BuildRow = {
  project_id: string
  id: string
  owner_kind: 'service' | 'job'
  owner_id: string
  branch: string
  sha: string | null
  message: string | null
  status: BuildStatus
  request: BuildOrder
  attempts: number
  artifact_digest: string | null
  abort_requested: boolean
}

const columns = [
  'project_id',
  'id',
  'owner_kind',
  'owner_id',
  'branch',
  'sha',
  'message',
  'status',
  'request',
  'attempts',
  'artifact_digest',
  'abort_requested',
] as const

const select = (db: Db, { projectId, buildId }: BuildKey) =>
  db.selectFrom('build').select(columns).where('project_id', '=', projectId).where('id', '=', buildId)

export const findBuild = async (db: Db, key: BuildKey): Promise<BuildRow | undefined> =>
  (await select(db, key).executeTakeFirst()) as BuildRow | undefined

export async function lockBuild(tx: Tx, key: BuildKey): Promise<BuildRow> {
  const row = await select(tx, key).forUpdate().executeTakeFirst()
  if (row === undefined) throw notFound('build', key.buildId)
  return row as BuildRow
}

export type NewBuild = BuildOwner & {
  buildId: string
  branch: string
  sha: string | undefined
  pullRequestId: number | undefined
  request: BuildOrder
  actor: string
}

/** False: the project has a build of this id. */
export async function insertBuild(tx: Tx, build: NewBuild): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('build')
    .values({
      project_id: build.projectId,
      id: build.buildId,
      owner_kind: build.ownerKind,
      owner_id: build.ownerId,
      branch: build.branch,
      sha: build.sha ?? null,
      pull_request_id: build.pullRequestId ?? null,
      request: toJson(build.request),
      created_by: build.actor,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  if (numInsertedOrUpdatedRows !== 1n) return false
  await reportLater(tx, 'build', `${build.projectId}/${build.buildId}`)
  return true
}

/** The newest build of this commit and order that succeeded and whose artifact is kept, or that is still under way. */
export async function findReusableBuild(
  tx: Tx,
  owner: BuildOwner,
  { sha, request }: { sha: string; request: BuildOrder },
): Promise<string | undefined> {
  const row = await tx
    .selectFrom('build')
    .select('id')
    .where('project_id', '=', owner.projectId)
    .where('owner_kind', '=', owner.ownerKind)
    .where('owner_id', '=', owner.ownerId)
    .where('sha', '=', sha)
    .where('abort_requested', '=', false)
    .where(sql<boolean>`request #- '{values,sealed}' = ${toJson(request)}::jsonb #- '{values,sealed}'`)
    .where((where) =>
      where.or([
        where.and([where('status', '=', 'SUCCESS'), where('artifact_digest', 'is not', null)]),
        where('status', 'in', unfinished(buildMoves)),
      ]),
    )
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.id
}

export type BuildChange = {
  sha?: string
  message?: string
  artifact_digest?: string
  error?: BuildError
  attempts?: number
}

/** The one writer of a build's status. False: the build is not in a state that may become `to`. */
export async function moveBuild(
  tx: Tx,
  { projectId, buildId }: BuildKey,
  to: BuildStatus,
  { error, ...change }: BuildChange = {},
): Promise<boolean> {
  const concluded = buildMoves[to].length === 0
  const { numUpdatedRows } = await tx
    .updateTable('build')
    .set({
      ...change,
      status: to,
      ...(error !== undefined && { error: toJson(error) }),
      ...(to === 'STARTING' && { started_at: sql<Date>`coalesce(started_at, now())` }),
      ...(concluded && { concluded_at: sql<Date>`now()` }),
    })
    .where('project_id', '=', projectId)
    .where('id', '=', buildId)
    .where('status', 'in', sourcesOf(buildMoves, to))
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) return false
  await reportLater(tx, 'build', `${projectId}/${buildId}`)
  return true
}

export async function setBuildAttempts(
  tx: Tx,
  { projectId, buildId }: BuildKey,
  attempts: number,
): Promise<void> {
  await tx
    .updateTable('build')
    .set({ attempts })
    .where('project_id', '=', projectId)
    .where('id', '=', buildId)
    .execute()
}

/** Remembers that a build is not wanted any more. */
export async function requestBuildAbort(tx: Tx, { projectId, buildId }: BuildKey): Promise<void> {
  await tx
    .updateTable('build')
    .set({ abort_requested: true })
    .where('project_id', '=', projectId)
    .where('id', '=', buildId)
    .execute()
}

/** Whether a build has ended; also true of one that does not exist. */
export async function isBuildConcluded(db: Db, key: BuildKey): Promise<boolean> {
  const build = await findBuild(db, key)
  return build === undefined || buildMoves[build.status].length === 0
}

/** Whether the cache of a service's builds was cleared and no build has succeeded that began afterwards. */
export async function isBuildCacheCleared(
  db: Db,
  { projectId, serviceId }: { projectId: string; serviceId: string },
): Promise<boolean> {
  const row = await db
    .selectFrom('service')
    .select('id')
    .where('project_id', '=', projectId)
    .where('id', '=', serviceId)
    .where('build_cache_cleared_at', 'is not', null)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('build')
            .select('build.id')
            .whereRef('build.project_id', '=', 'service.project_id')
            .where('build.owner_kind', '=', 'service')
            .whereRef('build.owner_id', '=', 'service.id')
            .where('build.status', '=', 'SUCCESS')
            .whereRef('build.started_at', '>', 'service.build_cache_cleared_at'),
        ),
      ),
    )
    .executeTakeFirst()
  return row !== undefined
}
