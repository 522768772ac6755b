import { FairwayError } from '@fairway/contract/errors'
import { type BuildRow, isBuildCacheCleared } from '../db/builds.ts'
import type { Db } from '../db/db.ts'
import { findJob } from '../db/jobs.ts'
import { findService } from '../db/services.ts'
import type { Sealer } from '../lib/seal.ts'
import { type BuildValues, openBuildValues } from '../operations/builds/build-values.ts'
import { resolveBuildEnvironment } from '../operations/environment/resolve.ts'
import { secretPartsOf } from '../operations/environment/secret-looking.ts'
import { loginsFor } from '../operations/registries/credentials.ts'
import type { BuildRequest } from './builder-port.ts'

export type BuildInput = Pick<
  BuildRequest,
  'arguments' | 'files' | 'secrets' | 'limits' | 'registries' | 'dockerfile' | 'buildpack'
>

/** What a build is given: the owner's values under those of this build alone, its commit, and how it is made. */
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
  const own = openBuildValues(request, sealer)
  announce(own, sealer)
  const files = new Map(resolved.files.map((file) => [file.path, file]))
  for (const [path, { data }] of Object.entries(own.buildFiles))
    files.set(path, { path, contentBase64: data })
  return {
    secrets: textOfMounts({ ...resolved.mounts, ...dataOf(own.dockerSecretMounts) }),
    limits: request.limits ?? {},
    registries: await loginsFor(db, { projectId, credentials: request.credentials ?? [] }, sealer),
    arguments: { ...resolved.env, ...own.buildArguments, NF_GIT_SHA: sha, NF_GIT_BRANCH: build.branch },
    files: [...files.values()],
    ...(await wayOf(db, build)),
  }
}

function announce({ buildArguments, dockerSecretMounts }: BuildValues, sealer: Sealer): void {
  for (const [name, value] of Object.entries(buildArguments)) {
    for (const part of secretPartsOf(name, value)) sealer.announce(part)
  }
  for (const text of Object.values(textOfMounts(dataOf(dockerSecretMounts)))) sealer.announce(text.trim())
}

const dataOf = (mounts: BuildValues['dockerSecretMounts']): Record<string, string> =>
  Object.fromEntries(Object.entries(mounts).map(([id, { data }]) => [id, data]))

const textOfMounts = (mounts: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(mounts).map(([id, data]) => [id, Buffer.from(data, 'base64').toString('utf8')]),
  )

/** As it was ordered, but without the cache when that was cleared since the last build. */
async function wayOf(
  db: Db,
  { project_id: projectId, owner_kind, owner_id: serviceId, request }: BuildRow,
): Promise<Pick<BuildInput, 'dockerfile' | 'buildpack'>> {
  const { dockerfile, buildpack } = request
  const cleared = owner_kind === 'service' && (await isBuildCacheCleared(db, { projectId, serviceId }))
  if (buildpack !== undefined)
    return { buildpack: { ...buildpack, useCache: buildpack.useCache && !cleared } }
  if (dockerfile !== undefined)
    return { dockerfile: { ...dockerfile, useCache: dockerfile.useCache && !cleared } }
  return cleared ? { dockerfile: { path: '/Dockerfile', useCache: false } } : {}
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
