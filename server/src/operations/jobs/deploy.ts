import type { JobSettings } from '@fairway/contract/resources/job'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { setJobArtifact } from '../../db/job-artifact.ts'
import { lockJob } from '../../db/jobs.ts'
import type { Sealer } from '../../lib/seal.ts'
import { type ArtifactChoice, credentialsOf } from '../artifact-choice.ts'
import { runJob } from './run.ts'

/** `cd`: a build was followed; `promote`: by a release flow; `deploy`: by hand. */
export type JobDeployReason = 'deploy' | 'promote' | 'cd' | 'rollback'

export type JobDeployment = {
  projectId: string
  jobId: string
  artifact: ArtifactChoice
  reason: JobDeployReason
  actor: string
}

/**
 * Says what the next runs of a job run. With a sealer, a job that asks for it by `runOnSourceChange` runs at once when
 * this is something new.
 */
export async function deployToJob(
  tx: Tx,
  { projectId, jobId, artifact, reason, actor }: JobDeployment,
  sealer?: Sealer,
): Promise<{ changed: boolean; runId: string | undefined }> {
  const job = await lockJob(tx, { projectId, jobId })
  const { kind, digest, buildId = null, source } = artifact
  const changed = job.artifact_digest !== digest
  const sameLogin = credentialsOf(job.source) === credentialsOf(source)
  if (!changed && sameLogin && job.build_id === buildId) return { changed, runId: undefined }
  await setJobArtifact(tx, { projectId, jobId }, { kind, digest, buildId, source })
  await recordEvent(tx, {
    projectId,
    topic: 'audit',
    subject: `${projectId}/${jobId}`,
    type: 'job.deploy',
    actor,
    data: { reason, digest, buildId },
  })
  if (sealer === undefined || !changed || !runsOn(job.spec.settings.runOnSourceChange, reason))
    return { changed, runId: undefined }
  const run = { projectId, jobId, overrides: {}, trigger: 'source-change', actor } as const
  const { runId } = await runJob(tx, run, sealer)
  return { changed, runId }
}

// A rollback brings an older version back; what ran for it then is not wanted a second time.
function runsOn(setting: JobSettings['runOnSourceChange'], reason: JobDeployReason): boolean {
  if (setting === 'never' || reason === 'rollback') return false
  return setting === 'always' || reason !== 'deploy'
}
