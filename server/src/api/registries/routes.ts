import type { registryView } from '@fairway/contract/resources/registry'
import * as contract from '@fairway/contract/routes/registries'
import type { z } from 'zod'
import { transaction } from '../../db/db.ts'
import { listRegistries, type RegistryRow, requireRegistry } from '../../db/registries.ts'
import { changeRegistry, createRegistry, removeRegistry } from '../../operations/registries/save.ts'
import { pageOf } from '../page.ts'
import { defineRoute, type Route } from '../route.ts'

/** The password is never shown. */
const viewOf = (row: RegistryRow): z.input<typeof registryView> => ({
  id: row.id,
  name: row.name,
  provider: row.provider,
  registryUrl: row.host,
  credentials: { username: row.username, scope: row.scope },
  restrictions: { restricted: row.restricted, projects: row.projects },
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
})

export const registryRoutes: readonly Route[] = [
  defineRoute(contract.listRegistries, async ({ page }, { db }) =>
    pageOf(await listRegistries(db, page), page, (rows) => ({ registries: rows.map(viewOf) })),
  ),
  defineRoute(contract.addRegistry, async ({ body, actor }, { db, sealer }) =>
    viewOf(await transaction(db, (tx) => createRegistry(tx, { body, actor: actor.id }, sealer))),
  ),
  defineRoute(contract.getRegistry, async ({ params }, { db }) =>
    viewOf(await requireRegistry(db, params.credentialId)),
  ),
  defineRoute(contract.updateRegistry, async ({ params, body, actor }, { db, sealer }) => {
    const target = { id: params.credentialId, actor: actor.id }
    return viewOf(await transaction(db, (tx) => changeRegistry(tx, target, body, sealer)))
  }),
  defineRoute(contract.deleteRegistry, async ({ params, actor }, { db }) => {
    await transaction(db, (tx) => removeRegistry(tx, { id: params.credentialId, actor: actor.id }))
    return {}
  }),
]
