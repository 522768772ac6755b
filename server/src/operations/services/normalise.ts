import type {
  BuildService,
  CombinedService,
  DeploymentService,
  ServiceBody,
  ServiceKind,
  ServiceSpec,
} from '@fairway/contract/resources/service'
import type { ServiceRow } from '../../db/services.ts'
import type { OwnSecrets } from '../environment/set-own.ts'

/** A body taken apart: what is stored in the clear, what is sealed, and what has a column of its own. */
export type NormalisedService = {
  spec: ServiceSpec
  secrets: Partial<OwnSecrets>
  description: string
  tags: string[]
  instances: number
  disabledCI: boolean
  disabledCD: boolean
}

type AnyBody = ServiceBody & Partial<CombinedService & BuildService & DeploymentService>

/** Pure. The body was checked; fields that a kind does not have stay absent. */
export function normaliseService(checked: ServiceBody): NormalisedService {
  const body = checked as AnyBody
  return {
    spec: present({
      billing: body.billing,
      resources: body.resources,
      vcsData: body.vcsData,
      buildSettings: body.buildSettings,
      buildConfiguration: body.buildConfiguration,
      deployment: body.deployment,
      ports: body.ports,
      healthChecks: body.healthChecks,
      infrastructure: body.infrastructure,
    }) as ServiceSpec,
    secrets: present({
      runtimeEnvironment: body.runtimeEnvironment,
      runtimeFiles: body.runtimeFiles,
      buildArguments: body.buildArguments,
      buildFiles: body.buildFiles,
      dockerSecretMounts: body.dockerSecretMounts,
    }) as Partial<OwnSecrets>,
    description: body.description,
    tags: body.tags,
    instances: body.deployment?.instances ?? 0,
    disabledCI: body.disabledCI ?? false,
    disabledCD: body.disabledCD,
  }
}

/** The body that would make this service, for laying a patch over it. Values are not part of it. */
export function bodyOfService(service: ServiceRow): Record<string, unknown> {
  const { spec } = service
  return present({
    ...spec,
    name: service.name,
    description: service.description,
    tags: service.tags,
    deployment: spec.deployment && { ...sourceless(service), instances: service.instances },
    disabledCI: service.kind === 'deployment' ? undefined : service.disabled_ci,
    disabledCD: service.disabled_cd,
  })
}

/** The body of a combined service names no source: the build that was deployed by hand is kept beside it. */
function sourceless({ kind, spec }: ServiceRow): ServiceSpec['deployment'] {
  if (kind !== 'combined' || spec.deployment === undefined) return spec.deployment
  const { internal: _internal, ...deployment } = spec.deployment
  return deployment
}

/** A combined service keeps the build that was deployed by hand until continuous deployment is on again. Pure. */
export function keepingSource(service: ServiceRow, next: NormalisedService): NormalisedService {
  const internal = service.spec.deployment?.internal
  const { deployment } = next.spec
  if (service.kind !== 'combined' || internal === undefined || deployment === undefined) return next
  return next.disabledCD ? { ...next, spec: { ...next.spec, deployment: { ...deployment, internal } } } : next
}

/**
 * The part of a spec that instances run with: a change of it is a new revision. Public names of ports, the way of
 * replacing, and the number of instances are not part of it.
 */
export function runPartOf(spec: ServiceSpec): unknown {
  const { docker, buildpack, storage, metadata } = spec.deployment ?? {}
  return present({
    plan: spec.billing.deploymentPlan,
    resources: spec.resources,
    docker,
    buildpack,
    storage,
    metadata,
    healthChecks: spec.healthChecks,
    ports: spec.ports?.map(({ name, internalPort, protocol }) => ({ name, internalPort, protocol })),
  })
}

/** Whether services of this kind run instances. */
export const runs = (kind: ServiceKind): boolean => kind !== 'build'

const present = (parts: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined))
