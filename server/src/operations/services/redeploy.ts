import type { Tx } from '../../db/db.ts'
import { findRevision, type RevisionRow } from '../../db/revisions.ts'
import type { Sealer } from '../../lib/seal.ts'
import type { ArtifactChoice } from '../artifact-choice.ts'
import { type Deployment, deployToService } from './deploy.ts'
import { requireRunning } from './require-running.ts'

/** Deploys the same version with the configuration and secrets of now. Undefined: nothing was ever deployed. */
export async function redeployService(
  tx: Tx,
  request: { projectId: string; serviceId: string; reason: 'config' | 'restart'; actor: string },
  sealer: Sealer,
): Promise<Deployment | undefined> {
  const service = await requireRunning(tx, request)
  const revision = await findRevision(tx, service.desired_revision ?? service.current_revision)
  if (revision === undefined) return undefined
  return deployToService(tx, { ...request, artifact: artifactOf(revision) }, sealer)
}

const artifactOf = (revision: RevisionRow): ArtifactChoice => ({
  kind: revision.artifact_kind,
  digest: revision.artifact_digest,
  source: revision.source,
  ...(revision.build_id !== null && { buildId: revision.build_id }),
})
