import { FairwayError } from '@fairway/contract/errors'
import type { FlowDocument } from '@fairway/contract/flow'
import type { FlowNode } from '@fairway/contract/nodes/kinds'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { insertHold } from '../../db/holds.ts'
import { findFlowVersion, lockReleaseFlow } from '../../db/release-flows.ts'
import type { ReleaseRunRow } from '../../db/release-runs.ts'
import { newId } from '../../db/work.ts'
import { requireReleaseFlow } from '../flows/get.ts'
import { saveReleaseFlow } from '../flows/save.ts'
import { requireOpenProject } from '../projects/require.ts'
import { targetKey } from './choose-release.ts'
import { createRun } from './create.ts'
import type { RunKey } from './get.ts'
import { planRollback, type RollbackOptions, type RollbackPlan } from './rollback-plan.ts'
import type { RunDeps } from './start.ts'

export type RollbackRequest = RollbackOptions & {
  name?: string | undefined
  description?: string | undefined
  actor: string
}

/**
 * Brings the targets that a run released back to what they ran after it: a run of its own, carried out like any
 * other. What is rolled back from is held from automatic deployments until somebody lifts the hold. 409 when nothing
 * would change, or when a build that is needed is not kept any more.
 */
export async function startRollback(
  tx: Tx,
  { actor, name, description, ...options }: RollbackRequest,
  key: RunKey,
  deps: RunDeps,
): Promise<ReleaseRunRow> {
  await requireOpenProject(tx, key.projectId)
  const flow = (await lockReleaseFlow(tx, key)) ?? (await requireReleaseFlow(tx, key))
  const plan = await planRollback(tx, key, options)
  refuseImpossible(plan, options)
  const id = newId()
  const run = await createRun(tx, key, {
    policyOf: flow.document,
    now: deps.clock.now(),
    run: {
      id,
      kind: 'rollback',
      trigger: 'manual',
      rollback_of: plan.run.id,
      parent_run_id: null,
      parent_path: null,
      depth: 0,
      name: name ?? null,
      description: description ?? '',
      document: rollbackDocument(plan),
      flow_version: flow.version,
      arguments: null,
      argument_names: [],
      overrides: {},
      release_node_overrides: Object.fromEntries(
        plan.differences.map(({ target, restored }) => [targetKey(target), restored]),
      ),
      created_by: actor,
    },
  })
  await holdWhatIsLeft(tx, key, { plan, runId: id, actor })
  if (options.flow) await restoreFlow(tx, { ...key, actor }, plan.run.flow_version, deps)
  return run
}

function refuseImpossible({ differences, warnings }: RollbackPlan, { flow }: RollbackOptions): void {
  if (differences.length === 0 && !flow) {
    throw new FairwayError('invalid_state', 'The stage runs what that release left already: nothing changes.')
  }
  const gone = warnings.find((warning) => warning.includes('is not kept any more'))
  if (gone !== undefined)
    throw new FairwayError('invalid_state', `${gone} Build that commit again and deploy it.`)
}

type Source = {
  internal?: { id?: string; branch?: string }
  external?: { imagePath: string; credentials?: string }
}

/** A document like any other, so that people read what happens; what exactly is deployed is kept in the run. */
function rollbackDocument({ differences }: RollbackPlan): FlowDocument {
  const steps = differences.map(({ target, restored }): FlowNode => {
    const { internal, external } = (restored.artifact.source ?? {}) as Source
    const to = { id: target.id, type: target.kind }
    const spec =
      external === undefined
        ? {
            type: 'build' as const,
            origin: {
              ...(internal?.id !== undefined && { id: internal.id }),
              ...(internal?.branch !== undefined && { branch: internal.branch }),
              ...(restored.artifact.buildId !== undefined && { build: restored.artifact.buildId }),
            },
            target: to,
          }
        : { type: 'registry' as const, origin: external, target: to }
    return { kind: 'Release', condition: 'running', spec }
  })
  return { apiVersion: 'v1.2', spec: { kind: 'Workflow', spec: { type: 'parallel', steps } } }
}

async function holdWhatIsLeft(
  tx: Tx,
  { projectId }: RunKey,
  { plan, runId, actor }: { plan: RollbackPlan; runId: string; actor: string },
): Promise<void> {
  for (const { target, now, was } of plan.differences) {
    if (now.digest === null || now.digest === was.digest) continue
    const reason = `It was rolled back by run ${runId}.`
    await insertHold(tx, { projectId, target, digest: now.digest }, { runId, reason, actor })
  }
  await recordEvent(tx, {
    projectId,
    topic: 'audit',
    subject: runId,
    type: 'release-run.rollback',
    actor,
    data: { to: plan.run.id },
  })
}

async function restoreFlow(
  tx: Tx,
  key: RunKey & { actor: string },
  version: number,
  deps: RunDeps,
): Promise<void> {
  const then = await findFlowVersion(tx, key, version)
  if (then === undefined) {
    throw new FairwayError('invalid_state', `Version ${version} of the release flow is not kept any more.`)
  }
  await saveReleaseFlow(tx, key, then.document, deps)
}
