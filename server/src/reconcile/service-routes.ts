import { createHash } from 'node:crypto'
import { FairwayError } from '@fairway/contract/errors'
import type { GatewayBackend, ServiceRoutes } from '@fairway/contract/gateway'
import type { Tx } from '../db/db.ts'
import { type InstanceRow, moveInstance, updateInstance } from '../db/instances.ts'
import { addToReceipt } from '../db/rollouts.ts'
import { nextGatewayGeneration, raiseGatewayGeneration, setGatewayRoutes } from '../db/service-deployment.ts'
import { withLease } from '../db/work.ts'
import { drainMsOf } from './desired-service.ts'
import { recordInstance } from './instance-event.ts'
import { type PublicHosts, publicTcpPorts } from './public-hosts.ts'
import type { ServicePlan } from './rollout-model.ts'
import type { Pass, ServiceDeps } from './service-deps.ts'
import { runtimeIdOf } from './service-instance.ts'
import type { ServiceWorld } from './service-world.ts'

/** What the gateway shall serve of one service. */
export type PublicNames = { hosts: readonly PublicHosts[]; tcpPorts: readonly string[] }

/** Of what the service asks for, what this gateway can serve. */
export function servedNames({ traffic }: Pick<ServiceDeps, 'traffic'>, world: ServiceWorld): PublicNames {
  const { tcp = false, http2Instances = false } = traffic.serves ?? {}
  return {
    hosts: world.hosts.filter(({ protocol }) => protocol !== 'HTTP/2' || http2Instances),
    tcpPorts: tcp ? publicTcpPorts(world.service.spec.ports ?? []) : [],
  }
}

/** Whether instances have to be known to the gateway before they count as serving. */
export function isPublic(deps: Pick<ServiceDeps, 'traffic'>, world: ServiceWorld): boolean {
  const { hosts, tcpPorts } = servedNames(deps, world)
  return hosts.length > 0 || tcpPorts.length > 0
}

/** The gateway's table for one service. Pure. */
export function routesFor(
  { hosts, tcpPorts }: PublicNames,
  rows: readonly InstanceRow[],
  { active, draining }: ServicePlan['routes'],
): Pick<ServiceRoutes, 'routes' | 'tcp'> {
  const backend = (row: InstanceRow, port: string): GatewayBackend[] => {
    const address = row.addresses[port]
    const state = active.includes(row.id) ? 'active' : 'draining'
    const named = state === 'active' || draining.includes(row.id)
    return address === undefined || !named ? [] : [{ id: runtimeIdOf(row), ...address, state }]
  }
  const backends = (port: string) => rows.flatMap((row) => backend(row, port))
  const routes = hosts.map(({ port, hosts: names, pathPrefix, protocol }) => ({
    hosts: names,
    pathPrefix,
    backends: backends(port),
    ...(protocol !== undefined && { protocol }),
  }))
  if (tcpPorts.length === 0) return { routes }
  return { routes, tcp: tcpPorts.map((name) => ({ name, backends: backends(name) })) }
}

/**
 * Tells the gateway who takes traffic, when that differs from what it acknowledged, and writes down what it then
 * acknowledges: who is routed, and who drains. True: something changed.
 */
export async function applyRoutes(pass: Pass, world: ServiceWorld, plan: ServicePlan): Promise<boolean> {
  const { deps, item, key } = pass
  const content = {
    ...routesFor(servedNames(deps, world), world.rows, plan.routes),
    drainBudgetMs: drainMsOf(world.service),
  }
  const hash = isPublic(deps, world) ? hashOf(content) : null
  if (hash === world.gateway.routes) return false
  sayUnserved(pass, world)
  if (hash === null) await deps.traffic.remove(gatewayKey(pass))
  else await applyNext(pass, content)
  deps.crash.hit('service.after-route')
  const load = await loadOf(pass, world, plan)
  await withLease(deps.db, item, async (tx) => {
    await setGatewayRoutes(tx, key, hash)
    for (const row of world.rows) await acknowledge(tx, { pass, world, plan }, row)
    if (load > 0 && world.rollout) await addToReceipt(tx, world.rollout.id, { drained: load, cut: 0 })
  })
  deps.crash.hit('service.after-routed')
  return true
}

const hashOf = (content: unknown): string =>
  createHash('sha256').update(JSON.stringify(content)).digest('hex')

export const gatewayKey = ({ key }: Pick<Pass, 'key'>): string => `${key.projectId}/${key.serviceId}`

/** The API takes what some gateway serves; which one is there is known only here. */
function sayUnserved({ deps, key }: Pass, world: ServiceWorld): void {
  const { hosts, tcpPorts } = servedNames(deps, world)
  const tcp = publicTcpPorts(world.service.spec.ports ?? [])
  if (hosts.length === world.hosts.length && tcpPorts.length === tcp.length) return
  deps.log.warn(
    key,
    'public TCP and HTTP/2 ports of this service need the HAProxy gateway and are not served',
  )
}

/** A gateway that holds a newer generation than we gave it is caught up with. */
async function applyNext(
  pass: Pass,
  content: Pick<ServiceRoutes, 'routes' | 'tcp' | 'drainBudgetMs'>,
  again = true,
): Promise<void> {
  const { deps, item, key } = pass
  const generation = await withLease(deps.db, item, (tx) => nextGatewayGeneration(tx, key))
  deps.crash.hit('service.before-route')
  try {
    await deps.traffic.apply({ key: gatewayKey(pass), generation, ...content, requestTimeoutMs: 0 })
  } catch (error) {
    if (!again || !(error instanceof FairwayError) || error.code !== 'conflict') throw error
    const held = (await deps.traffic.list()).find((service) => service.key === gatewayKey(pass))
    await withLease(deps.db, item, (tx) => raiseGatewayGeneration(tx, key, held?.generation ?? generation))
    await applyNext(pass, content, false)
  }
}

/** How many requests and sockets those have under way that begin to drain now. */
async function loadOf(pass: Pass, world: ServiceWorld, plan: ServicePlan): Promise<number> {
  const ids = world.rows.filter((row) => begins(row, plan)).map(runtimeIdOf)
  if (ids.length === 0) return 0
  const report = await pass.deps.traffic.report(gatewayKey(pass))
  return (report?.backends ?? [])
    .filter(({ id }) => ids.includes(id))
    .reduce((sum, { inFlight, openWebSockets }) => sum + inFlight + openWebSockets, 0)
}

const begins = (row: InstanceRow, { routes }: ServicePlan): boolean =>
  row.state === 'running' && routes.draining.includes(row.id)

type Acknowledged = { pass: Pass; world: ServiceWorld; plan: ServicePlan }

async function acknowledge(tx: Tx, { pass, world, plan }: Acknowledged, row: InstanceRow): Promise<void> {
  const routed = isPublic(pass.deps, world) && plan.routes.active.includes(row.id)
  if (begins(row, plan)) {
    const deadline = new Date(pass.deps.clock.now().getTime() + drainMsOf(world.service))
    await moveInstance(tx, row.id, 'draining', { routed: false, drain_deadline: deadline })
    await recordInstance(tx, pass.key, row, 'draining')
  } else if (routed !== row.routed) {
    await updateInstance(tx, row.id, { routed })
    await recordInstance(tx, pass.key, row, routed ? 'routed' : 'unrouted')
  }
}
