import type { DockerConfig, ExternalSource, InternalSource } from '@fairway/contract/resources/deployment'
import type { JobSpec } from '@fairway/contract/resources/job'
import type { StoredOverrides } from '../../db/job-runs.ts'
import { openJson, type Sealer, sealJson } from '../../lib/seal.ts'
import type { FileValue } from '../environment/set-own.ts'

/** What one run may change of its job: the body of a run request. */
export type JobRunOverrides = {
  runtimeEnvironment?: Record<string, string> | undefined
  runtimeFiles?: Record<string, FileValue> | undefined
  billing?: { deploymentPlan?: string | undefined } | undefined
  deployment?:
    | {
        docker?: DockerConfig | undefined
        buildpack?: JobSpec['deployment']['buildpack']
        storage?: unknown
        internal?: InternalSource | undefined
        external?: ExternalSource | undefined
      }
    | undefined
}

type Secret = 'runtimeEnvironment' | 'runtimeFiles'
type RunSecrets = { [Key in Secret]: NonNullable<JobRunOverrides[Key]> }

const contextOf = (runId: string): string => `job-run/${runId}`

/** Variables and files are sealed: they may be secrets. */
export function sealOverrides(runId: string, overrides: JobRunOverrides, sealer: Sealer): StoredOverrides {
  const { runtimeEnvironment = {}, runtimeFiles = {}, billing, deployment } = overrides
  const secrets: RunSecrets = { runtimeEnvironment, runtimeFiles }
  const plain: Omit<JobRunOverrides, Secret> = { billing, deployment }
  const hasSecrets = Object.keys({ ...runtimeEnvironment, ...runtimeFiles }).length > 0
  return {
    plain,
    ...(hasSecrets && { sealed: sealJson(sealer, secrets, contextOf(runId)).toString('base64') }),
  }
}

export function openOverrides(
  runId: string,
  { plain, sealed }: StoredOverrides,
  sealer: Sealer,
): Omit<JobRunOverrides, Secret> & RunSecrets {
  const secrets =
    sealed === undefined
      ? { runtimeEnvironment: {}, runtimeFiles: {} }
      : openJson<RunSecrets>(sealer, Buffer.from(sealed, 'base64'), contextOf(runId))
  return { ...((plain ?? {}) as Omit<JobRunOverrides, Secret>), ...secrets }
}
