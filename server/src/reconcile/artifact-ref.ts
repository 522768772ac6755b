import { type ErrorCode, FairwayError } from '@fairway/contract/errors'
import type { Builder } from './builder-port.ts'
import type { ArtifactRef } from './runtime-port.ts'

/**
 * What a runtime starts of a recorded version. An image from elsewhere is recorded by its reference with digest; what
 * was built here by its digest alone. A build that is not kept any more fails with `gone`.
 */
export async function artifactRefOf(
  locate: Builder['locate'],
  { artifact_kind: kind, artifact_digest: digest }: { artifact_kind: string; artifact_digest: string },
  gone: ErrorCode,
): Promise<ArtifactRef> {
  if (kind === 'image' && !digest.startsWith('sha256:')) return { kind, reference: digest }
  const artifact = await locate(digest)
  if (artifact !== undefined) return artifact
  throw new FairwayError(gone, 'The build is not kept any more. Build the commit again.', { detail: digest })
}
