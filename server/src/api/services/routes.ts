import type { ServiceBody, ServiceKind } from '@fairway/contract/resources/service'
import * as contract from '@fairway/contract/routes/services'
import { transaction } from '../../db/db.ts'
import { readBuildStatuses } from '../../db/service-status.ts'
import { listServices, requireService } from '../../db/services.ts'
import { requireProject } from '../../operations/projects/require.ts'
import { requestServiceDeletion } from '../../operations/services/delete.ts'
import { createService, patchService, putService } from '../../operations/services/save.ts'
import { deploying } from '../deploying.ts'
import type { ApiDeps } from '../deps.ts'
import { pageOf } from '../page.ts'
import { defineRoute, type Route } from '../route.ts'
import { listItemOf, serviceViewOf } from './view.ts'

type Save = {
  params: { projectId: string }
  body: ServiceBody
  actor: { id: string }
  signal: AbortSignal
}
type Patch = {
  params: { projectId: string; serviceId: string }
  body: unknown
  actor: { id: string }
  signal: AbortSignal
}

const create =
  (kind: ServiceKind) =>
  async ({ params, body, actor, signal }: Save, deps: ApiDeps) => {
    const caller = { ...params, kind, actor: actor.id }
    const row = await deploying(deps, signal, (tx, images) =>
      createService(tx, { ...caller, images }, body, deps.sealer),
    )
    return serviceViewOf(deps.db, row)
  }

const put =
  (kind: ServiceKind) =>
  async ({ params, body, actor, signal }: Save, deps: ApiDeps) => {
    const caller = { ...params, kind, actor: actor.id }
    const row = await deploying(deps, signal, (tx, images) =>
      putService(tx, { ...caller, images }, body, deps.sealer),
    )
    return serviceViewOf(deps.db, row)
  }

const patch =
  (kind: ServiceKind) =>
  async ({ params, body, actor, signal }: Patch, deps: ApiDeps) => {
    const target = { ...params, kind, actor: actor.id }
    const row = await deploying(deps, signal, (tx, images) =>
      patchService(tx, { ...target, images }, body, deps.sealer),
    )
    return serviceViewOf(deps.db, row)
  }

export const serviceRoutes: Route[] = [
  defineRoute(contract.listServices, async ({ params: { projectId }, page }, { db }) => {
    await requireProject(db, projectId)
    const rows = await listServices(db, projectId, page)
    const builds = await readBuildStatuses(
      db,
      projectId,
      'service',
      rows.map((row) => row.id),
    )
    return pageOf(rows, page, (shown) => ({
      services: shown.map((row) => listItemOf(row, builds.get(row.id))),
    }))
  }),

  defineRoute(contract.createCombined, create('combined')),
  defineRoute(contract.putCombined, put('combined')),
  defineRoute(contract.patchCombined, patch('combined')),
  defineRoute(contract.createBuildService, create('build')),
  defineRoute(contract.putBuildService, put('build')),
  defineRoute(contract.patchBuildService, patch('build')),
  defineRoute(contract.createDeployment, create('deployment')),
  defineRoute(contract.putDeployment, put('deployment')),
  defineRoute(contract.patchDeployment, patch('deployment')),

  defineRoute(contract.getService, async ({ params }, { db }) =>
    serviceViewOf(db, await requireService(db, params)),
  ),

  defineRoute(contract.deleteService, async ({ params, actor }, { db }) => {
    await transaction(db, (tx) => requestServiceDeletion(tx, { ...params, actor: actor.id }))
    return {}
  }),
]
