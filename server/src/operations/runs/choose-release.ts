import { FairwayError } from '@fairway/contract/errors'
import type { ReleaseSpec } from '@fairway/contract/nodes/release'
import { readAwaitedBuild } from '../../db/awaited.ts'
import type { Db } from '../../db/db.ts'
import type { ReleaseRunRow } from '../../db/release-runs.ts'
import type { SecretVersions } from '../../db/revisions.ts'
import { type DeployedState, readDeployed, type TargetRef } from '../../db/stage-state.ts'
import type { ArtifactChoice } from '../artifact-choice.ts'
import { chooseArtifact } from '../builds/choose.ts'
import { chooseImage, type KnownImages } from '../registries/external-image.ts'

/** What a revision brings back besides its artifact. */
export type RestoredConfig = { configVersion?: number; secretVersions?: SecretVersions }

/** What a rollback run deploys to one target, kept in the run: builds and images as they were, by digest. */
export type RestoredTarget = { artifact: ArtifactChoice; config?: RestoredConfig }

type RunParts = Pick<ReleaseRunRow, 'kind' | 'release_node_overrides'> & { project_id: string }

export const targetKey = ({ kind, id }: TargetRef): string => `${kind}/${id}`

/** What a rollback deploys, instead of what the step names. */
export const restoredTarget = (run: RunParts, target: TargetRef): RestoredTarget | undefined =>
  run.kind === 'rollback'
    ? (run.release_node_overrides[targetKey(target)] as RestoredTarget | undefined)
    : undefined

export const restoredConfig = (run: RunParts, target: TargetRef): RestoredConfig | undefined =>
  restoredTarget(run, target)?.config

/** The artifact that a Release step deploys. Errors: `not_found`, `invalid_state` when there is nothing to deploy. */
export async function chooseRelease(
  db: Db,
  { run, spec, images }: { run: RunParts; spec: ReleaseSpec; images?: KnownImages | undefined },
): Promise<ArtifactChoice> {
  const restored = restoredTarget(run, { kind: spec.target.type, id: spec.target.id })
  if (restored !== undefined) return restored.artifact
  switch (spec.type) {
    case 'build':
      return chooseBuild(db, run.project_id, spec.origin)
    case 'deployment':
      return choosePromotion(db, run.project_id, { kind: spec.origin.type, id: spec.origin.id })
    case 'registry':
      return chooseImage(db, { projectId: run.project_id, external: spec.origin }, images)
  }
}

type BuildOrigin = Extract<ReleaseSpec, { type: 'build' }>['origin']

async function chooseBuild(db: Db, projectId: string, origin: BuildOrigin): Promise<ArtifactChoice> {
  const { id, branch, build } = origin
  const buildId = build === undefined || build === 'latest' ? undefined : build
  const self = await ownerOf(db, projectId, { id, buildId })
  const internal = {
    ...(id !== undefined && { id }),
    // A build named by its id is that build, whatever its branch is called by now.
    ...(buildId !== undefined ? { buildId } : branch !== undefined && { branch }),
  }
  const artifact = await chooseArtifact(db, self, { internal })
  if (artifact !== undefined) return artifact
  const which = branch === undefined ? '' : ` of branch "${branch}"`
  throw new FairwayError(
    'invalid_state',
    `"${id ?? self.ownerId}" has no successful build${which} that is kept. Build it first.`,
  )
}

async function ownerOf(
  db: Db,
  projectId: string,
  { id, buildId }: { id?: string | undefined; buildId?: string | undefined },
) {
  if (id !== undefined) return { projectId, ownerKind: 'service', ownerId: id } as const
  const build = buildId === undefined ? undefined : await readAwaitedBuild(db, projectId, buildId)
  if (build === undefined) {
    throw new FairwayError(
      'not_found',
      `There is no build "${buildId ?? ''}". Name the build service as origin.id.`,
    )
  }
  return { projectId, ownerKind: build.owner_kind, ownerId: build.owner_id } as const
}

async function choosePromotion(db: Db, projectId: string, origin: TargetRef): Promise<ArtifactChoice> {
  const artifact = artifactOf(await readDeployed(db, projectId, origin))
  if (artifact !== undefined) return artifact
  throw new FairwayError(
    'invalid_state',
    `Nothing is deployed on ${origin.kind} "${origin.id}" that could be promoted. Release to it first.`,
  )
}

/** What is deployed, as something to deploy. Undefined: nothing is. */
export function artifactOf(state: DeployedState | undefined): ArtifactChoice | undefined {
  if (state === undefined || state.digest === null || state.artifactKind === null) return undefined
  const { artifactKind: kind, digest, source, buildId } = state
  return { kind, digest, source, ...(buildId !== null && { buildId }) }
}
