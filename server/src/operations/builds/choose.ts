import { FairwayError, notFound } from '@fairway/contract/errors'
import type { ExternalSource, InternalSource } from '@fairway/contract/resources/deployment'
import { type BuildChoice, type BuildOwner, findBuildOf, findNewestBuild } from '../../db/build-choice.ts'
import type { Db } from '../../db/db.ts'
import { findJob } from '../../db/jobs.ts'
import { findService } from '../../db/services.ts'
import type { ArtifactChoice } from '../artifact-choice.ts'
import { chooseImage, type KnownImages } from '../registries/external-image.ts'

export type SourceRequest = { internal?: InternalSource | undefined; external?: ExternalSource | undefined }

/**
 * What a deployment source names: an image, or a build found by id, by commit, or the newest of its branch.
 * Undefined when no build fits yet. `self` is whose own builds are meant when `internal.id` is absent.
 */
export async function chooseArtifact(
  db: Db,
  self: BuildOwner,
  { internal, external }: SourceRequest,
  images?: KnownImages,
): Promise<ArtifactChoice | undefined> {
  if (external !== undefined) return chooseImage(db, { projectId: self.projectId, external }, images)
  if (internal === undefined) return undefined
  const owner = await requireOwner(db, self, internal.id)
  const build = await findBuild(db, owner, internal)
  return build && artifactOf(build, owner)
}

async function findBuild(
  db: Db,
  owner: BuildOwner,
  source: InternalSource,
): Promise<BuildChoice | undefined> {
  if (source.buildId !== undefined && source.buildId !== 'latest') {
    const build = await findBuildOf(db, owner, source.buildId)
    if (build === undefined) throw notFound(`build of "${owner.ownerId}"`, source.buildId)
    return requireArtifact(build)
  }
  const sha = source.buildSHA === 'latest' ? undefined : source.buildSHA
  return findNewestBuild(db, owner, { branch: source.branch, sha })
}

function requireArtifact(build: BuildChoice): BuildChoice {
  if (build.status === 'SUCCESS' && build.artifact_digest !== null) return build
  const why = build.status === 'SUCCESS' ? 'is not kept any more' : `has the status ${build.status}`
  throw new FairwayError('invalid_state', `The build "${build.id}" cannot be deployed: it ${why}.`)
}

function artifactOf(build: BuildChoice, owner: BuildOwner): ArtifactChoice | undefined {
  const { id, branch, sha, artifact_digest: digest, artifact_kind: kind } = build
  if (digest === null || kind === null) return undefined
  const internal = { id: owner.ownerId, branch, buildSHA: sha, buildId: id }
  return { kind: kind as ArtifactChoice['kind'], digest, buildId: id, source: { internal } }
}

/** `id` may be `projectId/serviceId`. */
export async function requireOwner(db: Db, self: BuildOwner, id: string | undefined): Promise<BuildOwner> {
  if (id === undefined) return self
  const [first = '', second] = id.split('/')
  const projectId = second === undefined ? self.projectId : first
  const ownerId = second ?? first
  const service = await findService(db, { projectId, serviceId: ownerId })
  if (service !== undefined && service.kind !== 'deployment')
    return { projectId, ownerKind: 'service', ownerId }
  const job = service === undefined ? await findJob(db, { projectId, jobId: ownerId }) : undefined
  if (job?.spec.vcsData !== undefined) return { projectId, ownerKind: 'job', ownerId }
  throw new FairwayError('invalid_request', `internal.id: there is no service "${id}" that builds.`, {
    problems: [{ field: 'deployment.internal.id', rule: `there is no service "${id}" that builds` }],
  })
}
