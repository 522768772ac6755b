import { FairwayError } from '@fairway/contract/errors'
import type { ProcessLimits } from '@fairway/contract/resources/shapes'
import type { BuildRow } from '../db/builds.ts'
import type { Db } from '../db/db.ts'
import { findJob } from '../db/jobs.ts'
import { findService } from '../db/services.ts'
import type { Sealer } from '../lib/seal.ts'
import { openBuildValues } from '../operations/builds/build-values.ts'
import { resolveBuildEnvironment } from '../operations/environment/resolve.ts'
import { secretPartsOf } from '../operations/environment/secret-looking.ts'

export type BuildInput = {
  secrets: Record<string, string>
  limits: ProcessLimits
  arguments: Record<string, string>
  files: { path: string; contentBase64: string }[]
}

/** What a build is given: the owner's build arguments and files, under those of this build alone, and its commit. */
export async function readBuildInput(
  db: Db,
  build: BuildRow,
  sha: string,
  sealer: Sealer,
): Promise<BuildInput> {
  const { project_id: projectId, owner_kind: kind, owner_id: id, request } = build
  const resolved = await resolveBuildEnvironment(
    db,
    { projectId, kind, id, tags: await tagsOf(db, build) },
    sealer,
  )
  const { buildArguments, buildFiles } = openBuildValues(request, sealer)
  for (const [name, value] of Object.entries(buildArguments)) {
    for (const part of secretPartsOf(name, value)) sealer.announce(part)
  }
  const files = new Map(resolved.files.map((file) => [file.path, file]))
  for (const [path, { data }] of Object.entries(buildFiles)) files.set(path, { path, contentBase64: data })
  return {
    secrets: {},
    limits: {},
    arguments: { ...resolved.env, ...buildArguments, NF_GIT_SHA: sha, NF_GIT_BRANCH: build.branch },
    files: [...files.values()],
  }
}

async function tagsOf(
  db: Db,
  { project_id: projectId, owner_kind, owner_id }: BuildRow,
): Promise<readonly string[]> {
  const owner =
    owner_kind === 'service'
      ? await findService(db, { projectId, serviceId: owner_id })
      : await findJob(db, { projectId, jobId: owner_id })
  if (owner !== undefined) return owner.tags
  throw new FairwayError(
    'build_failed',
    `The ${owner_kind} "${owner_id}" of this build does not exist any more.`,
  )
}
