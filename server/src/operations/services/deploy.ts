import { isDeepStrictEqual } from 'node:util'
import { FairwayError } from '@fairway/contract/errors'
import type { ServiceSpec } from '@fairway/contract/resources/service'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { findRevision, insertRevision, type SecretVersions } from '../../db/revisions.ts'
import { findActiveRollout, insertRollout, moveRollout } from '../../db/rollouts.ts'
import { setDesiredRevision } from '../../db/service-deployment.ts'
import { insertServiceConfig, type ServiceRow, updateService } from '../../db/services.ts'
import { wakeRunsWaitingFor } from '../../db/waiters.ts'
import { newId, schedule } from '../../db/work.ts'
import type { Sealer } from '../../lib/seal.ts'
import { type ArtifactChoice, credentialsOf } from '../artifact-choice.ts'
import { resolveRuntimeEnvironment } from '../environment/resolve.ts'
import { mountsOfService } from '../volumes/mounts.ts'
import { runPartOf } from './normalise.ts'
import { requireRunning } from './require-running.ts'

export type DeployRequest = {
  projectId: string
  serviceId: string
  artifact: ArtifactChoice
  reason: 'deploy' | 'restart' | 'config' | 'rollback' | 'cd'
  actor: string
  /** A rollback may bring back the configuration and the secret values of a time. */
  config?: { configVersion?: number; secretVersions?: SecretVersions }
}

export type Deployment = { revisionId: string; changed: boolean }

/**
 * Says that the service shall run this version: writes a revision and a pending rollout, which takes the place of
 * one under way. `changed: false` when exactly this is wanted and did not fail, except for a restart.
 */
export async function deployToService(tx: Tx, request: DeployRequest, sealer: Sealer): Promise<Deployment> {
  const service = await withConfig(tx, await requireRunning(tx, request), request)
  const { projectId, serviceId, artifact, config } = request
  const environment = await resolveRuntimeEnvironment(
    tx,
    {
      projectId,
      kind: 'service',
      id: serviceId,
      tags: service.tags,
      ...(config?.secretVersions !== undefined && { versions: config.secretVersions }),
    },
    sealer,
  )
  const volumes = await mountsOfService(tx, request)
  const runPart = { ...(runPartOf(service.spec) as object), ...(volumes.length > 0 && { volumes }) }
  const runConfig = JSON.parse(JSON.stringify(runPart)) as Record<string, unknown>
  const wanted = await findRevision(tx, service.desired_revision)
  const same =
    wanted !== undefined &&
    wanted.artifact_digest === artifact.digest &&
    credentialsOf(wanted.source) === credentialsOf(artifact.source) &&
    wanted.environment_hash === environment.hash &&
    isDeepStrictEqual(wanted.config, runConfig)
  // After a failure the wanted version is the last good one; deploying it again shows that it still works.
  const healthy = service.deployment_status !== 'FAILED'
  if (same && healthy && request.reason !== 'restart') return { revisionId: wanted.id, changed: false }

  const revisionId = newId()
  await insertRevision(tx, {
    id: revisionId,
    project_id: projectId,
    service_id: serviceId,
    artifact_kind: artifact.kind,
    artifact_digest: artifact.digest,
    source: artifact.source,
    build_id: artifact.buildId ?? null,
    config_version: service.config_version,
    config: runConfig,
    secret_versions: environment.versions,
    environment_hash: environment.hash,
    reason: request.reason,
    created_by: request.actor,
  })
  await beginRollout(tx, { service, revisionId, request })
  return { revisionId, changed: true }
}

/** Makes an older configuration the current one again, as a new version. */
async function withConfig(tx: Tx, service: ServiceRow, request: DeployRequest): Promise<ServiceRow> {
  const version = request.config?.configVersion
  if (version === undefined || version === service.config_version) return service
  const row = await tx
    .selectFrom('service_config')
    .select('spec')
    .where('project_id', '=', request.projectId)
    .where('service_id', '=', request.serviceId)
    .where('version', '=', version)
    .executeTakeFirst()
  if (row === undefined) {
    throw new FairwayError('not_found', `Configuration ${version} of "${request.serviceId}" is not kept.`)
  }
  const changed = await updateService(tx, request, {
    spec: row.spec as ServiceSpec,
    config_version: service.config_version + 1,
  })
  await insertServiceConfig(tx, changed)
  return changed
}

type Begin = { service: ServiceRow; revisionId: string; request: DeployRequest }

async function beginRollout(tx: Tx, { service, revisionId, request }: Begin): Promise<void> {
  const { projectId, serviceId, reason, actor, artifact } = request
  const subject = `${projectId}/${serviceId}`
  const active = await findActiveRollout(tx, request)
  if (active !== undefined) {
    await moveRollout(tx, active.id, 'superseded', { message: 'A newer deployment took its place.' })
    await wakeRunsWaitingFor(tx, 'service', subject)
  }
  await insertRollout(tx, request, { id: newId(), revisionId, previousRevisionId: service.current_revision })
  await setDesiredRevision(tx, request, revisionId)
  await schedule(tx, 'service', subject)
  await recordEvent(tx, {
    projectId,
    topic: 'service',
    subject,
    type: 'service.deploy',
    actor,
    data: { revisionId, reason, digest: artifact.digest, buildId: artifact.buildId ?? null },
  })
}
