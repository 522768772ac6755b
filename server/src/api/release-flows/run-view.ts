import type { FlowDocument } from '@fairway/contract/flow'
import type { FlowNode } from '@fairway/contract/nodes/kinds'
import type { RunItem } from '@fairway/contract/routes/release-runs'
import type { ReleaseNodeRow } from '../../db/release-nodes.ts'
import type { ReleaseRunRow } from '../../db/release-runs.ts'
import type { RunDetails } from '../../operations/runs/get.ts'
import { approvalView } from './approval-view.ts'

/** A run as lists show it. */
export function runItemOf(run: ReleaseRunRow): RunItem {
  return {
    id: run.id,
    ...(run.name !== null && { name: run.name }),
    ...(run.description !== '' && { description: run.description }),
    status: run.status,
    ...(run.message !== null && { message: run.message }),
    kind: run.kind,
    ...(run.rollback_of !== null && { rollbackOf: run.rollback_of }),
    trigger: run.trigger,
    flowVersion: run.flow_version,
    concluded: run.concluded_at !== null,
    ...(run.created_by !== null && { createdBy: run.created_by }),
    ...(run.started_at !== null && { startedAt: run.started_at.toISOString() }),
    ...(run.concluded_at !== null && { concludedAt: run.concluded_at.toISOString() }),
    createdAt: run.created_at.toISOString(),
    updatedAt: run.updated_at.toISOString(),
  }
}

/** A run of a stage's flow. */
export const runViewOf = (details: RunDetails) => ({
  ...documentViewOf(details),
  stage: details.run.stage ?? '',
  stageBefore: details.run.stage_before,
  stageAfter: details.run.stage_after,
})

/** The whole document of a run with a `response` on each node. */
export function documentViewOf({ run, nodes, approvals }: RunDetails) {
  const rows = new Map(nodes.map((row) => [row.path, row]))
  const { document } = run
  return {
    ...document,
    ...runItemOf(run),
    argumentNames: run.argument_names,
    refs: refsOf(nodes),
    spec: graft(document.spec, '0', { document, rows }),
    approvals: approvals.map(approvalView),
  }
}

function refsOf(nodes: readonly ReleaseNodeRow[]): Record<string, unknown> {
  const answered = nodes.filter(({ ref, status }) => ref !== null && status === 'success')
  return Object.fromEntries(answered.map(({ ref, response }) => [ref, response]))
}

type Grafting = { document: FlowDocument; rows: ReadonlyMap<string, ReleaseNodeRow> }

/** Of a loop, `response.iterations` holds the steps of each iteration; its own steps stay as they are written. */
function graft(node: FlowNode, path: string, parts: Grafting): unknown {
  const row = parts.rows.get(path)
  const settings = settingsOf(node, parts.document)
  const response = responseOf(row, settings.maxAttempts)
  if (node.kind === 'LoopWorkflow')
    return { ...node, settings, response: { ...response, iterations: iterationsOf(node, path, parts) } }
  const spec =
    node.kind === 'Workflow'
      ? { ...node.spec, steps: node.spec.steps.map((step, index) => graft(step, `${path}.${index}`, parts)) }
      : node.spec
  return { ...node, settings, spec, response }
}

function iterationsOf(loop: Extract<FlowNode, { kind: 'LoopWorkflow' }>, path: string, parts: Grafting) {
  const iterations = []
  for (let index = 0; parts.rows.has(`${path}#${index}`); index += 1) {
    const own = `${path}#${index}`
    iterations.push({
      index,
      response: responseOf(parts.rows.get(own), 1),
      steps: loop.spec.steps.map((step, at) => graft(step, `${own}.${at}`, parts)),
    })
  }
  return iterations
}

function settingsOf(node: FlowNode, document: FlowDocument) {
  const { settings: own = {} } = node
  const { settings: flow = {} } = document
  return {
    maxAttempts: own.maxAttempts ?? flow.maxAttempts ?? 3,
    backoff: own.backoff ?? flow.backoff ?? { type: 'fixed', delay: 60 },
  }
}

/** Epoch seconds, with the milliseconds as their fraction. */
const seconds = (time: Date): number => time.getTime() / 1000

function responseOf(row: ReleaseNodeRow | undefined, maxAttempts: number) {
  if (row === undefined) return { status: 'waiting' }
  const { status, error, input, startedAt, endedAt } = row
  const data = row.response ?? startedBy(row)
  return {
    status,
    ...(error !== null && { error }),
    ...(startedAt !== null && { retries: retriesOf(row, startedAt, maxAttempts) }),
    ...(startedAt !== null && { startTime: seconds(startedAt) }),
    ...(endedAt !== null && { endTime: seconds(endedAt) }),
    ...(input !== null && { input }),
    ...(data !== undefined && { data }),
  }
}

/** What a step has started, while that is under way and when it failed: its logs are looked for by this. */
function startedBy({ kind, state }: ReleaseNodeRow): { id: string; runName?: string } | undefined {
  const started = (state ?? {}) as { runId?: string; runName?: string; buildId?: string; backupId?: string }
  const { runId, runName, buildId, backupId } = started
  if (kind === 'JobRun' && runId !== undefined)
    return { id: runId, ...(runName !== undefined && { runName }) }
  if (kind === 'Build' && buildId !== undefined) return { id: buildId }
  if (kind === 'AddonBackup' && backupId !== undefined) return { id: backupId }
  return undefined
}

const retriesOf = (
  { attempt, status, nextAttemptAt }: ReleaseNodeRow,
  startedAt: Date,
  maxAttempts: number,
) => ({
  attempts: attempt,
  maxAttempts,
  timestamp: seconds(startedAt),
  initialCheckTime: seconds(startedAt),
  ...(status === 'retrying' && nextAttemptAt !== null && { nextAttempt: seconds(nextAttemptAt) }),
})
