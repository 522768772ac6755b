import { type ErrorCode, FairwayError } from '@fairway/contract/errors'
import type { Db } from '../db/db.ts'
import type { DeployedSource } from '../db/service-status.ts'
import type { Sealer } from '../lib/seal.ts'
import { loginFor } from '../operations/registries/credentials.ts'
import type { Builder } from './builder-port.ts'
import type { ArtifactRef } from './runtime-port.ts'

type Deps = { db: Db; sealer: Sealer; locate: Builder['locate'] }

/** What a revision or a run recorded of its version. */
type Recorded = { project_id: string; artifact_kind: string; artifact_digest: string; source: unknown }

/**
 * What a runtime starts of a recorded version. An image from elsewhere is recorded by its reference with digest, and
 * comes with the saved credentials it is pulled with; what was built here is recorded by its digest alone. A build
 * that is not kept any more fails with `gone`.
 */
export async function artifactRefOf(
  { db, sealer, locate }: Deps,
  { project_id: projectId, artifact_kind: kind, artifact_digest: digest, source }: Recorded,
  gone: ErrorCode,
): Promise<ArtifactRef> {
  const { external } = (source ?? {}) as DeployedSource
  if (kind === 'image' && (external !== undefined || !digest.startsWith('sha256:'))) {
    const login = external && (await loginFor(db, { projectId, ...external }, sealer))
    return { kind, reference: digest, ...(login && { credentials: login }) }
  }
  const artifact = await locate(digest)
  if (artifact !== undefined) return artifact
  throw new FairwayError(gone, 'The build is not kept any more. Build the commit again.', { detail: digest })
}
