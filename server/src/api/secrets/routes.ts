import * as contract from '@fairway/contract/routes/secrets'
import { transaction } from '../../db/db.ts'
import { listSecretGroups, type SecretGroupRow } from '../../db/secrets.ts'
import { requireProject } from '../../operations/projects/require.ts'
import { readSecretGroup } from '../../operations/secrets/details.ts'
import {
  createSecretGroup,
  patchSecretGroup,
  putSecretGroup,
  removeSecretGroup,
} from '../../operations/secrets/save.ts'
import type { ApiDeps } from '../deps.ts'
import { pageOfAll } from '../page.ts'
import { defineRoute } from '../route.ts'

const viewOf = (projectId: string, group: SecretGroupRow): contract.SecretGroupView => ({
  id: group.id,
  projectId,
  name: group.name,
  description: group.description,
  ...group.spec,
  version: group.version,
  createdAt: group.created_at.toISOString(),
  updatedAt: group.updated_at.toISOString(),
})

type One = { projectId: string; secretId: string }

async function details({ projectId, secretId }: One, { db, sealer }: ApiDeps) {
  const { group, values, addons } = await readSecretGroup(db, { projectId, id: secretId }, sealer)
  const { variables, files, dockerSecretMounts } = values
  return {
    ...viewOf(projectId, group),
    secrets: { variables, files, dockerSecretMounts: dockerSecretMounts ?? {} },
    addonSecrets: addons,
  }
}

type Patch = { params: One; body: contract.SecretGroupPatch; actor: { id: string } }

async function patch({ params, body, actor }: Patch, { db, sealer }: ApiDeps) {
  const target = { projectId: params.projectId, id: params.secretId, actor: actor.id }
  const group = await transaction(db, (tx) => patchSecretGroup(tx, target, body, sealer))
  return viewOf(params.projectId, group)
}

export const secretRoutes = [
  defineRoute(contract.listSecrets, async ({ params: { projectId }, page }, { db }) => {
    await requireProject(db, projectId)
    return pageOfAll(await listSecretGroups(db, projectId), page, (groups) => ({
      secrets: groups.map((group) => viewOf(projectId, group)),
    }))
  }),

  defineRoute(contract.createSecret, async ({ params: { projectId }, body, actor }, { db, sealer }) => {
    await requireProject(db, projectId)
    const caller = { projectId, actor: actor.id }
    return viewOf(projectId, await transaction(db, (tx) => createSecretGroup(tx, caller, body, sealer)))
  }),

  defineRoute(contract.putSecret, async ({ params: { projectId }, body, actor }, { db, sealer }) => {
    await requireProject(db, projectId)
    const caller = { projectId, actor: actor.id }
    return viewOf(projectId, await transaction(db, (tx) => putSecretGroup(tx, caller, body, sealer)))
  }),

  defineRoute(contract.getSecret, ({ params }, deps) => details(params, deps)),
  defineRoute(contract.getSecretDetails, ({ params }, deps) => details(params, deps)),
  defineRoute(contract.patchSecret, patch),
  defineRoute(contract.updateSecret, patch),

  defineRoute(contract.deleteSecret, async ({ params, actor }, { db }) => {
    const target = { projectId: params.projectId, id: params.secretId, actor: actor.id }
    await transaction(db, (tx) => removeSecretGroup(tx, target))
    return {}
  }),
]
