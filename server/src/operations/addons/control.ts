import { FairwayError } from '@fairway/contract/errors'
import { type AddonChange, type AddonKey, changeAddon, moveGeneration } from '../../db/addons.ts'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { schedule } from '../../db/work.ts'
import { requireAddon, requireOpenAddon, workKey } from './require.ts'

export type AddonAction = AddonKey & { actor: string | null }

/** Stops the addon; its data stays. */
export const pauseAddon = (tx: Tx, action: AddonAction): Promise<void> =>
  change(tx, action, { type: 'addon.pause-requested', set: { paused: true } })

export const resumeAddon = (tx: Tx, action: AddonAction): Promise<void> =>
  change(tx, action, { type: 'addon.resume-requested', set: { paused: false } })

/** Stops and starts the addon; all its connections end. */
export const restartAddon = (tx: Tx, action: AddonAction): Promise<void> =>
  change(tx, action, { type: 'addon.restart-requested', set: { restart_requested: true } })

/** Deletes the addon, its data and its backups, as soon as nothing works on them. May be repeated. */
export async function deleteAddon(tx: Tx, action: AddonAction): Promise<void> {
  await requireAddon(tx, action)
  await apply(tx, action, { type: 'addon.delete-requested', set: { deleting: true } })
}

/** Removes the data that a restore replaced and kept. `invalid_state`: that generation is not a kept one. */
export async function dropKeptGeneration(
  tx: Tx,
  { generation, ...action }: AddonAction & { generation: number },
): Promise<void> {
  await requireOpenAddon(tx, action)
  await schedule(tx, 'addon', workKey(action))
  if (!(await moveGeneration(tx, action, { generation, from: 'kept', to: 'removed' })))
    throw new FairwayError(
      'invalid_state',
      `Generation ${generation} of "${action.addonId}" is not kept data of an earlier restore.`,
    )
  await apply(tx, action, { type: 'addon.generation-dropped', set: {} })
}

type Change = { type: string; set: AddonChange }

async function change(tx: Tx, action: AddonAction, change: Change): Promise<void> {
  await requireOpenAddon(tx, action)
  await apply(tx, action, change)
}

async function apply(tx: Tx, { actor, ...key }: AddonAction, { type, set }: Change): Promise<void> {
  // Workers lock their work first and the addon then; so must we.
  await schedule(tx, 'addon', workKey(key))
  await changeAddon(tx, key, set)
  await recordEvent(tx, {
    projectId: key.projectId,
    topic: 'addon',
    subject: workKey(key),
    type,
    ...(actor === null ? {} : { actor }),
  })
}
