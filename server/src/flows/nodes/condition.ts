import type { ConditionSpec } from '@fairway/contract/nodes/condition'
import {
  readAwaitedAddon,
  readAwaitedBackup,
  readAwaitedBuild,
  readAwaitedJobRun,
  readAwaitedService,
} from '../../db/awaited.ts'
import type { Tx } from '../../db/db.ts'
import { waitFor } from '../../db/waiters.ts'
import { done, failed, type NodeResult, waiting } from '../model.ts'
import { defineNode, POLL_MS } from '../node.ts'
import { concluded, missing } from './concluded.ts'

type Place = { projectId: string; runId: string }

/** Waits until a resource runs, or until a build, job run or backup has succeeded. */
export const conditionNode = defineNode<ConditionSpec, unknown>({
  kind: 'Condition',
  step(tx, { run, spec }) {
    return look(tx, spec, { projectId: run.project_id, runId: run.id })
  },
})

function look(tx: Tx, spec: ConditionSpec, place: Place): Promise<NodeResult> {
  switch (spec.kind) {
    case 'Service':
      return serviceRuns(tx, spec.spec.data.serviceId, place)
    case 'Addon':
      return addonRuns(tx, spec.spec.data.addonId, place)
    case 'Build':
      return buildSucceeded(tx, spec.spec.data.buildId, place)
    case 'JobRun':
      return jobRunSucceeded(tx, spec.spec.data.runId, place)
    case 'AddonBackup':
      return backupSucceeded(tx, spec.spec.data.backupId, place)
  }
}

const again = waiting({ wakeAfterMs: POLL_MS })

async function serviceRuns(tx: Tx, id: string, { projectId, runId }: Place): Promise<NodeResult> {
  const service = await readAwaitedService(tx, projectId, id)
  if (service === undefined) return missing('service', id)
  const { deployment_status: status, desired_revision: desired, current_revision: current } = service
  if (service.paused) return failed('invalid_state', `The service "${id}" is paused. Resume it first.`)
  if (status === 'COMPLETED' && current !== null && desired === current) return done({ status: 'running' })
  await waitFor(tx, runId, 'service', `${projectId}/${id}`)
  return again
}

async function addonRuns(tx: Tx, id: string, { projectId, runId }: Place): Promise<NodeResult> {
  const addon = await readAwaitedAddon(tx, projectId, id)
  if (addon === undefined) return missing('addon', id)
  if (addon.status === 'running' && !addon.restart_requested) return done({ status: 'running' })
  await waitFor(tx, runId, 'addon', `${projectId}/${id}`)
  return again
}

async function buildSucceeded(tx: Tx, id: string, { projectId, runId }: Place): Promise<NodeResult> {
  const build = await readAwaitedBuild(tx, projectId, id)
  if (build === undefined) return missing('build', id)
  const end = concluded('build', build)
  if (end !== undefined) return end
  await waitFor(tx, runId, 'build', `${projectId}/${id}`)
  return again
}

async function jobRunSucceeded(tx: Tx, id: string, { runId }: Place): Promise<NodeResult> {
  const jobRun = await readAwaitedJobRun(tx, id)
  if (jobRun === undefined) return missing('job run', id)
  const end = concluded('job run', jobRun)
  if (end !== undefined) return end
  await waitFor(tx, runId, 'job-run', id)
  return again
}

async function backupSucceeded(tx: Tx, id: string, { runId }: Place): Promise<NodeResult> {
  const backup = await readAwaitedBackup(tx, id)
  if (backup === undefined) return missing('backup', id)
  const end = concluded('backup', backup)
  if (end !== undefined) return end
  await waitFor(tx, runId, 'backup', id)
  return again
}
