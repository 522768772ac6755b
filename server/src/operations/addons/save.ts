import { FairwayError } from '@fairway/contract/errors'
import { slugOf } from '@fairway/contract/names'
import type { AddonBody, AddonPatch } from '@fairway/contract/resources/addon'
import { type AddonRow, changeAddon, findAddon } from '../../db/addons.ts'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { schedule } from '../../db/work.ts'
import type { Sealer } from '../../lib/seal.ts'
import { requireTags } from '../tags/save.ts'
import { createAddon } from './create.ts'
import { requireAddon, requireOpenAddon, workKey } from './require.ts'
import { setBackupSchedules } from './schedules.ts'

type Caller = { projectId: string; actor: string }

/** Creates an addon from a request body. */
export async function createAddonFrom(
  tx: Tx,
  caller: Caller,
  body: AddonBody,
  sealer: Sealer,
): Promise<AddonRow> {
  const { name, description, tags, backupSchedules, source, ...spec } = body
  if (source !== undefined) {
    throw new FairwayError(
      'not_supported',
      'source: starting from another addon’s backup is not possible here. Create the addon and restore into it.',
    )
  }
  await requireTags(tx, tags)
  const key = { projectId: caller.projectId, addonId: slugOf(name) }
  await createAddon(
    tx,
    { ...key, name, description, tags, spec, backupSchedules, actor: caller.actor },
    sealer,
  )
  return requireAddon(tx, key)
}

/** Creates the addon, or changes the one of this name. Its type and version cannot change. */
export async function putAddonFrom(
  tx: Tx,
  caller: Caller,
  body: AddonBody,
  sealer: Sealer,
): Promise<AddonRow> {
  const key = { projectId: caller.projectId, addonId: slugOf(body.name) }
  const found = await findAddon(tx, key)
  if (found === undefined) return createAddonFrom(tx, caller, body, sealer)
  if (found.type !== body.type) {
    throw new FairwayError('conflict', `"${found.id}" is a ${found.type} addon; its type cannot change.`)
  }
  const { description, tags, billing, backupSchedules } = body
  return patchAddonFrom(
    tx,
    { ...caller, addonId: key.addonId },
    { description, tags, billing, backupSchedules },
  )
}

export async function patchAddonFrom(
  tx: Tx,
  target: Caller & { addonId: string },
  patch: AddonPatch,
): Promise<AddonRow> {
  const { projectId, addonId, actor } = target
  const { description, tags, billing, backupSchedules } = patch
  const addon = await requireOpenAddon(tx, target)
  if (tags !== undefined) await requireTags(tx, tags)
  await schedule(tx, 'addon', workKey(target))
  await changeAddon(tx, target, {
    ...(description !== undefined && { description }),
    ...(tags !== undefined && { tags }),
    ...(billing !== undefined && { spec: { ...addon.spec, billing: { ...addon.spec.billing, ...billing } } }),
  })
  if (backupSchedules !== undefined) {
    await setBackupSchedules(tx, { projectId, addonId, specs: backupSchedules })
  }
  await recordEvent(tx, { projectId, topic: 'addon', subject: workKey(target), type: 'addon.update', actor })
  return requireAddon(tx, target)
}
