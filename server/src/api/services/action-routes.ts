import * as contract from '@fairway/contract/routes/service-actions'
import { listContainers, listSamples } from '../../db/containers.ts'
import { type Tx, transaction } from '../../db/db.ts'
import { listDeployments } from '../../db/deployments.ts'
import { requireService } from '../../db/services.ts'
import { deployByHand } from '../../operations/services/deploy-source.ts'
import { pauseService } from '../../operations/services/pause.ts'
import { requireRunning } from '../../operations/services/require-running.ts'
import { restartService } from '../../operations/services/restart.ts'
import { resumeService } from '../../operations/services/resume.ts'
import { patchService } from '../../operations/services/save.ts'
import { deploying } from '../deploying.ts'
import type { ApiDeps } from '../deps.ts'
import { pageOf } from '../page.ts'
import { defineRoute, type Route } from '../route.ts'
import { containerViewOf } from './container-view.ts'
import { pastDeploymentOf } from './past-deployment.ts'
import { deploymentViewOf, portsOf } from './view.ts'

type Request<B> = { params: { projectId: string; serviceId: string }; body: B; actor: { id: string } }

/** A route that changes part of the service's body. */
const patching =
  <B>(toPatch: (body: B) => unknown) =>
  async ({ params, body, actor }: Request<B>, { db, sealer }: ApiDeps) => {
    const target = { ...params, actor: actor.id }
    await transaction(db, (tx) => patchService(tx, target, toPatch(body), sealer))
    return {}
  }

type Target = { projectId: string; serviceId: string; actor: string }

/** A route that does one thing to a service that runs instances. */
const acting =
  <B>(act: (tx: Tx, target: Target, body: B, deps: ApiDeps) => Promise<unknown>) =>
  async ({ params, body, actor }: Request<B>, deps: ApiDeps) => {
    await transaction(deps.db, async (tx) => {
      await requireRunning(tx, params)
      await act(tx, { ...params, actor: actor.id }, body, deps)
    })
    return {}
  }

const sourceRoutes: Route[] = [
  defineRoute(contract.getServiceDeployment, async ({ params }, { db }) =>
    deploymentViewOf(db, await requireService(db, params)),
  ),
  defineRoute(contract.updateServiceDeployment, async ({ params, body, actor, signal }, deps) => {
    const { sealer } = deps
    const { internal, external, docker, buildpack } = body
    await deploying(deps, signal, async (tx, images) => {
      const target = { ...params, actor: actor.id, images }
      const command = { ...(docker && { docker }), ...(buildpack && { buildpack }) }
      if (Object.keys(command).length > 0) await patchService(tx, target, { deployment: command }, sealer)
      if ((internal ?? external) !== undefined) await deployByHand(tx, target, { internal, external }, sealer)
    })
    return {}
  }),
]

const partRoutes: Route[] = [
  defineRoute(contract.getServiceHealthChecks, async ({ params }, { db }) => ({
    healthChecks: (await requireService(db, params)).spec.healthChecks ?? [],
  })),
  defineRoute(
    contract.updateServiceHealthChecks,
    patching(({ healthChecks }: { healthChecks: unknown }) => ({ healthChecks })),
  ),
  defineRoute(contract.getServicePorts, async ({ params }, { db }) => ({
    ports: portsOf(await requireService(db, params)),
  })),
  defineRoute(
    contract.updateServicePorts,
    patching(({ ports }: { ports: unknown }) => ({ ports })),
  ),
  defineRoute(
    contract.updateServiceBuildOptions,
    patching(({ dockerfile, buildpack, ...buildConfiguration }: Record<string, unknown>) => ({
      ...(dockerfile !== undefined && { buildSettings: { dockerfile } }),
      ...(buildpack !== undefined && { buildSettings: { buildpack } }),
      buildConfiguration,
    })),
  ),
  defineRoute(
    contract.updateServiceBuildSource,
    patching((vcsData: unknown) => ({ vcsData })),
  ),
]

const lifeRoutes: Route[] = [
  defineRoute(
    contract.restartService,
    acting((tx, target, _body, { sealer }) => restartService(tx, target, sealer)),
  ),
  defineRoute(
    contract.scaleService,
    acting((tx, target, { instances, deploymentPlan, storage, gracePeriodSeconds }: ScaleBody, { sealer }) =>
      patchService(
        tx,
        target,
        {
          ...(deploymentPlan !== undefined && { billing: { deploymentPlan } }),
          deployment: { instances, storage, gracePeriodSeconds },
        },
        sealer,
      ),
    ),
  ),
  defineRoute(
    contract.pauseService,
    acting((tx, target) => pauseService(tx, target)),
  ),
  defineRoute(
    contract.resumeService,
    acting((tx, target, { instances, disabledCI, disabledCD }: ResumeBody) =>
      resumeService(tx, {
        ...target,
        ...(instances !== undefined && { instances }),
        ...(disabledCI !== undefined && { disabledCI }),
        ...(disabledCD !== undefined && { disabledCD }),
      }),
    ),
  ),
]

type ScaleBody = {
  instances?: number | undefined
  deploymentPlan?: string | undefined
  storage?: unknown
  gracePeriodSeconds?: number | undefined
}

type ResumeBody = {
  instances?: number | undefined
  disabledCI?: boolean | undefined
  disabledCD?: boolean | undefined
}

const observationRoutes: Route[] = [
  defineRoute(contract.getServiceContainers, async ({ params, page }, { db }) => {
    await requireService(db, params)
    return pageOf(await listContainers(db, params, page), page, (rows) => ({
      containers: rows.map(containerViewOf),
    }))
  }),
  defineRoute(contract.listServiceDeployments, async ({ params, page }, { db }) => {
    await requireService(db, params)
    return pageOf(await listDeployments(db, params, page), page, (rows) => ({
      deployments: rows.map(pastDeploymentOf),
    }))
  }),
  defineRoute(contract.getServiceMetrics, async ({ params, query }, { db, clock }) => {
    await requireService(db, params)
    const since = new Date(clock.now().getTime() - query.duration * 1000)
    const samples = await listSamples(db, params, since)
    return {
      metrics: samples.map((sample) => ({
        at: sample.at.toISOString(),
        container: sample.instance_id,
        cpuMillis: sample.cpu_millis,
        memoryBytes: sample.memory_bytes,
        restarts: sample.restarts,
      })),
    }
  }),
]

export const serviceActionRoutes: Route[] = [
  ...sourceRoutes,
  ...partRoutes,
  ...lifeRoutes,
  ...observationRoutes,
]
