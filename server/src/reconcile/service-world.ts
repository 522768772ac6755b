import type { HealthCheck } from '@fairway/contract/resources/health-check'
import { type InstanceRow, listInstances } from '../db/instances.ts'
import { findRevision, type RevisionRow } from '../db/revisions.ts'
import { findNewestRollout, type RolloutRow } from '../db/rollouts.ts'
import { hasVolume, readGatewayState } from '../db/service-deployment.ts'
import { findService, type ServiceRow } from '../db/services.ts'
import { type PublicHosts, publicHosts } from './public-hosts.ts'
import { type RunSettings, runSettings } from './run-config.ts'
import type { Pass } from './service-deps.ts'

/** Everything the rows say of one service. */
export type ServiceWorld = {
  service: ServiceRow
  rollout: RolloutRow | undefined
  rows: InstanceRow[]
  revisions: ReadonlyMap<string, RevisionRow & { settings: RunSettings }>
  hosts: PublicHosts[]
  hasVolume: boolean
  gateway: { generation: number; routes: string | null }
}

/** Undefined: the service is gone. */
export async function loadService({ deps, key }: Pass): Promise<ServiceWorld | undefined> {
  const { db, domain } = deps
  const service = await findService(db, key)
  if (service === undefined) return undefined
  const [rollout, rows, volume, gateway] = await Promise.all([
    findNewestRollout(db, key),
    listInstances(db, key),
    hasVolume(db, key),
    readGatewayState(db, key),
  ])
  const ids = new Set([service.desired_revision, ...rows.map((row) => row.revision_id)])
  const found = await Promise.all([...ids].map((id) => findRevision(db, id)))
  const revisions = new Map(
    found.flatMap((revision) =>
      revision === undefined
        ? []
        : [[revision.id, { ...revision, settings: runSettings(revision) }] as const],
    ),
  )
  const hosts = publicHosts(key, service.spec.ports ?? [], domain)
  // A version that had the volume keeps it until it has ended.
  const mounted = [...revisions.values()].some(({ settings }) => settings.volumes.length > 0)
  return { service, rollout, rows, revisions, hosts, hasVolume: volume || mounted, gateway }
}

export const checksOf = (world: ServiceWorld, row: InstanceRow): readonly HealthCheck[] =>
  world.revisions.get(row.revision_id)?.settings.checks ?? []
