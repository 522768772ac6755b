import { FairwayError, invalid } from '@fairway/contract/errors'
import { slugOf } from '@fairway/contract/names'
import { providerHosts, type RegistryBody, type RegistryPatch } from '@fairway/contract/resources/registry'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import {
  deleteRegistry,
  insertRegistry,
  listRegistryUsers,
  lockRegistry,
  type RegistryRow,
  requireRegistry,
  updateRegistry,
} from '../../db/registries.ts'
import { canonicalHost } from '../../lib/image-reference.ts'
import type { Sealer } from '../../lib/seal.ts'
import { sealPassword } from './credentials.ts'

type Target = { id: string; actor: string }

/** Saves credentials under the slug of their name. `name_taken` when there are some. */
export async function createRegistry(
  tx: Tx,
  { body, actor }: { body: RegistryBody; actor: string },
  sealer: Sealer,
): Promise<RegistryRow> {
  const id = slugOf(body.name)
  const { username, password, scope } = body.credentials
  sealer.announce(password)
  const isNew = await insertRegistry(tx, {
    id,
    name: body.name,
    provider: body.provider,
    host: hostOf(body),
    username,
    secret: sealPassword(sealer, id, password),
    scope,
    ...body.restrictions,
  })
  if (!isNew) {
    throw new FairwayError('name_taken', `There is a saved registry "${id}" already. Choose another name.`)
  }
  await recordEvent(tx, event({ id, actor }, 'registry.create'))
  return requireRegistry(tx, id)
}

/** The host that image references name: what was written before and behind it does not count. */
function hostOf({ provider, registryUrl }: RegistryBody): string {
  const written = registryUrl?.replace(/^https?:\/\//, '').split('/')[0] ?? providerHosts[provider]
  if (written === undefined || written === '') throw invalid('registryUrl', `is required for ${provider}`)
  return canonicalHost(written)
}

/** Changes what is given; the next pull uses it. */
export async function changeRegistry(
  tx: Tx,
  { id, actor }: Target,
  { credentials, restrictions }: RegistryPatch,
  sealer: Sealer,
): Promise<RegistryRow> {
  const row = await lockRegistry(tx, id)
  const { username, password, scope } = credentials ?? {}
  if (password !== undefined) sealer.announce(password)
  await updateRegistry(tx, id, {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { secret: sealPassword(sealer, id, password) }),
    ...(scope !== undefined && {
      scope: { pull: scope.pull ?? row.scope.pull, push: scope.push ?? row.scope.push },
    }),
    ...restrictions,
  })
  await recordEvent(tx, event({ id, actor }, 'registry.update'))
  return requireRegistry(tx, id)
}

/** Forgets credentials. `conflict` while something pulls with them. */
export async function removeRegistry(tx: Tx, { id, actor }: Target): Promise<void> {
  await lockRegistry(tx, id)
  const users = await listRegistryUsers(tx, id)
  if (users.length > 0) {
    const some = users.slice(0, 5).join(', ') + (users.length > 5 ? ` and ${users.length - 5} more` : '')
    throw new FairwayError(
      'conflict',
      `The credentials "${id}" are in use by ${some}. Deploy those without them first.`,
      {
        data: { users },
      },
    )
  }
  await deleteRegistry(tx, id)
  await recordEvent(tx, event({ id, actor }, 'registry.delete'))
}

const event = ({ id, actor }: Target, type: string) => ({ topic: 'audit', subject: id, type, actor }) as const
