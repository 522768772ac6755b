import type { AddonBackupSpec } from '@fairway/contract/nodes/addon-backup'
import { readAwaitedAddon, readAwaitedBackup } from '../../db/awaited.ts'
import type { Tx } from '../../db/db.ts'
import { waitFor } from '../../db/waiters.ts'
import { abortBackup, requestBackup } from '../../operations/addons/backup.ts'
import { done, type NodeResult, waiting } from '../model.ts'
import { defineNode, ended, POLL_MS, type StepContext } from '../node.ts'
import { concluded, missing } from './concluded.ts'

type State = { backupId: string }
type Context = StepContext<AddonBackupSpec, State>

/** Backs up an addon; with its condition, until the backup is complete. */
export const addonBackupNode = defineNode<AddonBackupSpec, State>({
  kind: 'AddonBackup',
  step: (tx, context) => (context.state === null ? start(tx, context) : look(tx, context, context.state)),
  async cancel(tx, { run, spec, state }) {
    if (state === null) return ended
    const backup = await readAwaitedBackup(tx, state.backupId)
    if (backup === undefined || concluded('backup', backup) !== undefined) return ended
    if (backup.status !== 'aborting')
      await abortBackup(tx, {
        projectId: run.project_id,
        addonId: spec.addonId,
        backupId: state.backupId,
        actor: run.created_by,
      })
    return { is: 'ending', wakeAfterMs: POLL_MS }
  },
})

async function start(tx: Tx, context: Context): Promise<NodeResult> {
  const { run, spec, waits } = context
  const { backupId } = await requestBackup(tx, {
    projectId: run.project_id,
    addonId: spec.addonId,
    type: spec.backupType ?? 'snapshot',
    ...(spec.compressionType !== undefined && { compression: spec.compressionType }),
    ...(spec.customDestinationId !== undefined && { destinationId: spec.customDestinationId }),
    trigger: 'release-flow',
    actor: run.created_by,
  })
  if (!waits) return done(await answerOf(tx, context, backupId))
  await waitFor(tx, run.id, 'backup', backupId)
  return waiting({ wakeAfterMs: POLL_MS, state: { backupId } })
}

async function look(tx: Tx, context: Context, { backupId }: State): Promise<NodeResult> {
  const backup = await readAwaitedBackup(tx, backupId)
  if (backup === undefined) return missing('backup', backupId)
  const end = concluded('backup', backup, await answerOf(tx, context, backupId))
  return end ?? waiting({ wakeAfterMs: POLL_MS })
}

async function answerOf(tx: Tx, { run, spec }: Context, backupId: string): Promise<unknown> {
  const addon = await readAwaitedAddon(tx, run.project_id, spec.addonId)
  return { id: backupId, addonId: spec.addonId, config: { addonVersion: addon?.version ?? null } }
}
