import type { ActionSpec } from '@fairway/contract/nodes/action'
import type { Tx } from '../../db/db.ts'
import { assertNever } from '../../lib/assert.ts'
import { defineNode, ended, type NodeDeps, type StepContext, type StepResult } from '../node.ts'
import { restartAddonStep } from './action-addon-restart.ts'
import { cancelRestore, restoreStep } from './action-backup-restore.ts'
import { type ExecState, execAct, execStep } from './action-execute.ts'
import { restartServiceStep } from './action-service-restart.ts'

type Context = StepContext<ActionSpec, unknown>

/** Restarts, executes a command, restores a backup. Each variant stands in a file of its own. */
export const actionNode = defineNode<ActionSpec, unknown>({
  kind: 'Action',
  step: (tx, context, deps) => step(tx, context, deps),
  act: (context, deps, signal) => execAct(context as StepContext<ActionSpec, ExecState>, deps, signal),
  async cancel(tx, context) {
    const { spec } = context
    if (spec.kind !== 'AddonBackup') return ended
    return cancelRestore(tx, context as StepContext<typeof spec, { restoreId: string }>)
  },
})

async function step(tx: Tx, context: Context, deps: NodeDeps): Promise<StepResult> {
  const { spec } = context
  switch (spec.kind) {
    case 'Service':
      return spec.spec.type === 'restart'
        ? restartServiceStep(
            tx,
            context,
            { ...spec.spec.data, waits: spec.spec.condition !== undefined },
            deps,
          )
        : execStep(tx, context, { kind: 'service', id: spec.spec.data.serviceId, data: spec.spec.data })
    case 'Job':
      return execStep(tx, context, { kind: 'job', id: spec.spec.data.jobId, data: spec.spec.data })
    case 'Addon':
      return restartAddonStep(tx, context, { ...spec.spec.data, waits: spec.spec.condition !== undefined })
    case 'AddonBackup':
      return restoreStep(tx, context, { ...spec.spec.data, waits: spec.spec.condition !== undefined })
    default:
      return assertNever(spec)
  }
}
