import { type AddonAddress, addonCredentials } from '@fairway/contract/addon-credentials'
import { notFound } from '@fairway/contract/errors'
import type { SecretValues } from '@fairway/contract/resources/secret-group'
import type { Db } from '../../db/db.ts'
import { findSecretGroup, readAddonConnections, type SecretGroupRow } from '../../db/secrets.ts'
import type { Sealer } from '../../lib/seal.ts'
import { openAddonSettings } from '../addons/settings.ts'
import { readGroupValues } from '../environment/resolve.ts'

export type LinkedAddon = {
  id: string
  name: string
  addonType: string
  version: string
  variables: Record<string, string>
}

/** A group with its values in the clear and the connection details of the addons it links. */
export async function readSecretGroup(
  db: Db,
  { projectId, id }: { projectId: string; id: string },
  sealer: Sealer,
): Promise<{ group: SecretGroupRow; values: SecretValues; addons: LinkedAddon[] }> {
  const group = await findSecretGroup(db, projectId, id)
  if (group === undefined) throw notFound('secret group', id)
  const values = await readGroupValues(db, { projectId, id, version: group.version }, sealer)
  const ids = group.spec.addonDependencies.map(({ addonId }) => addonId)
  const connections = await readAddonConnections(db, projectId, ids)
  const addons = connections.map((addon) => {
    const login = openAddonSettings(sealer, { projectId, addonId: addon.id }, addon.settings)
    const credentials =
      addon.endpoint === null
        ? { envs: {}, secrets: {} }
        : addonCredentials(addon.type, addon.endpoint as AddonAddress, login)
    const variables = { ...credentials.envs, ...credentials.secrets }
    return { id: addon.id, name: addon.id, addonType: addon.type, version: login.version, variables }
  })
  return { group, values, addons }
}
