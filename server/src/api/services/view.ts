import type { ServiceView } from '@fairway/contract/routes/services'
import type { Db } from '../../db/db.ts'
import { type BuildStatusRow, readBuildStatuses, readDeployedSource } from '../../db/service-status.ts'
import type { ServiceRow } from '../../db/services.ts'
import { appIdOf, CLUSTER, REGION } from '../cluster.ts'
import { sourceViewOf } from '../source-view.ts'
import { followsOf } from './follows.ts'

/** What a list shows of a service. */
export function listItemOf(row: ServiceRow, build: BuildStatusRow | undefined) {
  return {
    id: row.id,
    appId: appIdOf(row.project_id, row.id),
    projectId: row.project_id,
    name: row.name,
    description: row.description,
    tags: row.tags,
    serviceType: row.kind,
    disabledCI: row.disabled_ci,
    disabledCD: row.disabled_cd,
    servicePaused: row.paused,
    deleting: row.deleting,
    status: statusOf(row, build),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}

function statusOf(row: ServiceRow, build: BuildStatusRow | undefined): ServiceView['status'] {
  return {
    ...(build && { build: { status: build.status, lastTransitionTime: build.changed_at.toISOString() } }),
    ...(row.kind !== 'build' && {
      deployment: {
        status: row.deployment_status as 'PENDING',
        reason: row.deployment_reason as 'DEPLOYING',
        lastTransitionTime: row.deployment_transition_at.toISOString(),
        message: row.deployment_message,
      },
    }),
  }
}

/** Everything about a service, with what its wanted revision was made from. */
export async function serviceViewOf(db: Db, row: ServiceRow): Promise<ServiceView> {
  const { spec } = row
  const builds = await readBuildStatuses(db, row.project_id, 'service', [row.id])
  return {
    ...listItemOf(row, builds.get(row.id)),
    billing: { ...spec.billing, deploymentPlan: spec.billing.deploymentPlan ?? '' },
    ...(spec.resources && { resources: spec.resources }),
    ...(row.kind !== 'deployment' && buildPartOf(row)),
    ...(spec.deployment && { deployment: await deploymentViewOf(db, row) }),
    ports: portsOf(row),
    healthChecks: spec.healthChecks ?? [],
    cluster: CLUSTER,
    configVersion: row.config_version,
    currentRevision: row.current_revision,
    desiredRevision: row.desired_revision,
  }
}

function buildPartOf({ spec }: ServiceRow) {
  const { dockerfile, buildpack } = spec.buildSettings ?? {}
  const paths = {
    dockerWorkDir: dockerfile?.dockerWorkDir ?? buildpack?.buildContext ?? '/',
    dockerFilePath: dockerfile?.dockerFilePath ?? '',
  }
  return {
    buildSource: 'git' as const,
    ...(spec.vcsData && { vcsData: { ...spec.vcsData, ...paths } }),
    buildSettings: spec.buildSettings ?? {},
    buildConfiguration: spec.buildConfiguration ?? {},
    buildEngineConfiguration: {
      buildEngine: dockerfile ? (dockerfile.buildEngine ?? 'buildkit') : 'buildpack',
    },
  }
}

export async function deploymentViewOf(db: Db, row: ServiceRow) {
  const { internal, external, ...deployment } = row.spec.deployment ?? {}
  const deployed = await readDeployedSource(db, row.desired_revision ?? row.current_revision)
  const source = await sourceViewOf(db, row.project_id, {
    asked: { internal, external },
    deployed,
    self: row.id,
  })
  const follows = followsOf(row)
  return {
    ...deployment,
    region: REGION,
    instances: row.instances,
    ...(follows && { follows }),
    ...source,
  }
}

export const portsOf = ({ spec }: ServiceRow): ServiceView['ports'] =>
  (spec.ports ?? []).map(({ domains, ...port }) => ({
    ...port,
    id: port.name,
    domains: domains.map((name) => ({ name, certificate: {} })),
  }))
