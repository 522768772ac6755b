import { isDeepStrictEqual } from 'node:util'
import { FairwayError, invalid } from '@fairway/contract/errors'
import { slugOf } from '@fairway/contract/names'
import type { AddonBody, AddonPatch, AddonSpec } from '@fairway/contract/resources/addon'
import { limitsOf } from '@fairway/contract/resources/plans'
import { type AddonRow, changeAddon, findAddon } from '../../db/addons.ts'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { schedule } from '../../db/work.ts'
import type { Sealer } from '../../lib/seal.ts'
import { requireTags } from '../tags/save.ts'
import { createAddon } from './create.ts'
import { type AddonOffer, requireOffered } from './offer.ts'
import { requireAddon, requireOpenAddon, workKey } from './require.ts'
import { setBackupSchedules } from './schedules.ts'

type Caller = { projectId: string; actor: string }

export type AddonMakers = { sealer: Sealer; offers: readonly AddonOffer[] }

/** Creates an addon from a request body. `not_supported` when nothing here can run it. */
export async function createAddonFrom(
  tx: Tx,
  caller: Caller,
  body: AddonBody,
  { sealer, offers }: AddonMakers,
): Promise<AddonRow> {
  const { name, description, tags, backupSchedules, source, ...spec } = body
  if (source !== undefined) {
    throw new FairwayError(
      'not_supported',
      'source: starting from another addon’s backup is not possible here. Create the addon and restore into it.',
    )
  }
  requireOffered(offers, body)
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
  makers: AddonMakers,
): Promise<AddonRow> {
  const key = { projectId: caller.projectId, addonId: slugOf(body.name) }
  const found = await findAddon(tx, key)
  if (found === undefined) return createAddonFrom(tx, caller, body, makers)
  if (found.type !== body.type) {
    throw new FairwayError('conflict', `"${found.id}" is a ${found.type} addon; its type cannot change.`)
  }
  const { description, tags, billing, tlsEnabled, backupSchedules } = body
  return patchAddonFrom(
    tx,
    { ...caller, addonId: key.addonId },
    { description, tags, billing, tlsEnabled, backupSchedules },
    makers,
  )
}

/** Changes parts of an addon. It restarts when what its server runs with changes. */
export async function patchAddonFrom(
  tx: Tx,
  target: Caller & { addonId: string },
  patch: AddonPatch,
  { offers }: Pick<AddonMakers, 'offers'>,
): Promise<AddonRow> {
  const { projectId, addonId, actor } = target
  const { description, tags, backupSchedules } = patch
  const addon = await requireOpenAddon(tx, target)
  const spec = changedSpec(addon.spec, patch)
  if (spec.tlsEnabled && !addon.spec.tlsEnabled) requireOffered(offers, { ...spec, version: 'latest' })
  if (tags !== undefined) await requireTags(tx, tags)
  await schedule(tx, 'addon', workKey(target))
  await changeAddon(tx, target, {
    ...(description !== undefined && { description }),
    ...(tags !== undefined && { tags }),
    spec,
    // One that is paused starts with it anyway.
    ...(!addon.paused && runsOtherwise(addon.spec, spec) && { restart_requested: true }),
  })
  if (backupSchedules !== undefined) {
    await setBackupSchedules(tx, { projectId, addonId, specs: backupSchedules })
  }
  await recordEvent(tx, { projectId, topic: 'addon', subject: workKey(target), type: 'addon.update', actor })
  return requireAddon(tx, target)
}

/** `invalid_request`: storage that would shrink. Pure. */
export function changedSpec(spec: AddonSpec, { billing, tlsEnabled }: AddonPatch): AddonSpec {
  const { storage = 0 } = spec.billing
  if (billing?.storage !== undefined && billing.storage < storage)
    throw invalid('billing.storage', `can only grow: it is ${storage} MB`)
  return {
    ...spec,
    billing: { ...spec.billing, ...billing },
    ...(tlsEnabled !== undefined && { tlsEnabled }),
  }
}

/** Whether a server with these settings is another one than with those. */
const runsOtherwise = (before: AddonSpec, after: AddonSpec): boolean =>
  before.tlsEnabled !== after.tlsEnabled || !isDeepStrictEqual(limitsOf(before), limitsOf(after))
