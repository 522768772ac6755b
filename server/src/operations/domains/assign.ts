import { FairwayError, notFound } from '@fairway/contract/errors'
import type { Port } from '@fairway/contract/resources/ports'
import { TLS_ALL } from '../../db/certificates.ts'
import type { Tx } from '../../db/db.ts'
import { type HostUse, listHostUses, lockDomain, requireSubdomain } from '../../db/domains.ts'
import { lockService, type ServiceRow } from '../../db/services.ts'
import { schedule } from '../../db/work.ts'
import type { Sealer } from '../../lib/seal.ts'
import { patchService } from '../services/save.ts'
import { recordDomain } from './record.ts'

export type Assignment = { domain: string; subdomain: string; actor: string }
export type PortOfService = { projectId: string; serviceId: string; portName: string }

/**
 * Lets a port answer a subdomain: the name is added to the port's `domains`. `conflict` when the domain is not verified,
 * another port answers the name, or the port is not public.
 */
export async function assignSubdomain(
  tx: Tx,
  { domain, subdomain, actor }: Assignment,
  to: PortOfService,
  sealer: Sealer,
): Promise<void> {
  const { status } = await lockDomain(tx, domain)
  if (status !== 'verified') {
    throw new FairwayError(
      'conflict',
      `"${domain}" is not verified yet. Add its TXT record and verify it first.`,
    )
  }
  const { full_name: host } = await requireSubdomain(tx, domain, subdomain)
  const uses = await listHostUses(tx, [host])
  const other = uses.find((use) => !isSame(use, to))
  if (other !== undefined) {
    throw new FairwayError(
      'conflict',
      `"${host}" is answered by the port "${other.port}" of ${other.projectId}/${other.serviceId}. Unassign it first.`,
    )
  }
  if (uses.length > 0) return
  const service = await lockService(tx, to)
  const port = requirePublic(service, to)
  const ports = portsOf(service).map((one) =>
    one === port ? { ...one, domains: [...one.domains, host] } : one,
  )
  await patchService(tx, { ...keyOf(service), actor }, { ports }, sealer)
  await afterwards(tx, { domain, actor, type: 'subdomain.assign', data: { host, ...to } })
}

const isSame = (use: HostUse, { projectId, serviceId, portName }: PortOfService): boolean =>
  use.projectId === projectId && use.serviceId === serviceId && use.port === portName

const portsOf = ({ spec }: ServiceRow): Port[] => spec.ports ?? []

const keyOf = ({ project_id, id }: ServiceRow) => ({ projectId: project_id, serviceId: id })

function requirePublic(service: ServiceRow, { portName }: PortOfService): Port {
  const port = portsOf(service).find(({ name }) => name === portName)
  if (port === undefined) throw notFound(`port of ${service.id}`, portName)
  if (port.public) return port
  throw new FairwayError(
    'conflict',
    `The port "${portName}" of "${service.id}" is not public. Make it public first.`,
  )
}

/** Takes a subdomain from every port that answers it. Nothing happens when none does. */
export async function unassignSubdomain(
  tx: Tx,
  { domain, subdomain, actor }: Assignment,
  sealer: Sealer,
): Promise<void> {
  await lockDomain(tx, domain)
  const { full_name: host } = await requireSubdomain(tx, domain, subdomain)
  const uses = await listHostUses(tx, [host])
  const services = new Map(uses.map((use) => [`${use.projectId}/${use.serviceId}`, use]))
  for (const { projectId, serviceId } of services.values()) {
    const service = await lockService(tx, { projectId, serviceId })
    const ports = portsOf(service).map((one) => ({
      ...one,
      domains: one.domains.filter((name) => name !== host),
    }))
    await patchService(tx, { projectId, serviceId, actor }, { ports }, sealer)
  }
  if (uses.length > 0) await afterwards(tx, { domain, actor, type: 'subdomain.unassign', data: { host } })
}

type Done = { domain: string; actor: string; type: string; data: Record<string, unknown> }

async function afterwards(tx: Tx, { domain, ...event }: Done): Promise<void> {
  await recordDomain(tx, domain, event)
  await schedule(tx, 'tls', TLS_ALL)
}
