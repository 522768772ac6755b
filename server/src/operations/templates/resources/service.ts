import { FairwayError } from '@fairway/contract/errors'
import type { ResourceKind } from '@fairway/contract/nodes/resources/kinds'
import type { Port } from '@fairway/contract/resources/ports'
import { type ServiceBody, type ServiceKind, serviceBodies } from '@fairway/contract/resources/service'
import { findService } from '../../../db/services.ts'
import { readOwnSecrets } from '../../environment/set-own.ts'
import { bodyOfService } from '../../services/normalise.ts'
import { putService } from '../../services/save.ts'
import type { Json } from '../difference.ts'
import { OWN_VALUES, type PublicNames, type Resource, type ResourceKey } from '../resource.ts'

/** A service of one kind. What scales, pauses or turns it off by hand stays unless a document speaks of it. */
const serviceResource = (kind: ResourceKind, service: ServiceKind): Resource => ({
  kind,
  schema: serviceBodies[service],
  bodyOf: (spec) => spec,
  async read(db, { projectId, id }, sealer) {
    const row = await findService(db, { projectId, serviceId: id })
    if (row === undefined) return undefined
    if (row.kind !== service)
      throw new FairwayError(
        'conflict',
        `"${id}" is a ${row.kind} service and stays one. Give the step another name.`,
      )
    const { values } = await readOwnSecrets(db, { projectId, kind: 'service', id }, sealer)
    const known = OWN_VALUES.filter((name) => name in serviceBodies[service].shape)
    return { ...bodyOfService(row), ...Object.fromEntries(known.map((name) => [name, values[name]])) }
  },
  async save(tx, { key, actor, body, images }, { sealer }) {
    const caller = { projectId: key.projectId, actor, kind: service, ...(images && { images }) }
    await putService(tx, caller, body as ServiceBody, sealer)
  },
  outputs: (body, key, { publicNames }) =>
    service === 'build' ? {} : { ports: portsOf(body, key, publicNames) },
  keep: ['disabledCD', 'deployment.instances', ...OWN_VALUES],
  fixed: [],
  once: ['createOptions', 'buildSource', 'stageId'],
  secret: OWN_VALUES,
})

/** `dns` is the name by which the public reaches the port, or null. */
function portsOf(body: Json, { projectId, id }: ResourceKey, publicNames: PublicNames): Json[] {
  const ports = (body.ports ?? []) as Port[]
  const names = publicNames({ projectId, serviceId: id }, ports)
  return ports.map(({ name, internalPort, protocol, public: isPublic }) => ({
    name,
    internalPort,
    protocol,
    public: isPublic,
    dns: names.find(({ port }) => port === name)?.hosts[0] ?? null,
  }))
}

export const serviceResources: readonly Resource[] = [
  serviceResource('CombinedService', 'combined'),
  serviceResource('BuildService', 'build'),
  serviceResource('DeploymentService', 'deployment'),
]
