import { FairwayError } from '@fairway/contract/errors'
import type { FlowDocument, RunRequest } from '@fairway/contract/flow'
import type { Db, Tx } from '../../db/db.ts'
import { type FlowKey, lockReleaseFlow, type ReleaseFlowRow } from '../../db/release-flows.ts'
import type { ReleaseRunRow, RunTrigger } from '../../db/release-runs.ts'
import { readStageFacts } from '../../db/stage-facts.ts'
import { newId } from '../../db/work.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Sealer } from '../../lib/seal.ts'
import { openFlowSecrets } from '../flows/argument-overrides.ts'
import type { FlowRules } from '../flows/flow-rules.ts'
import { requireReleaseFlow } from '../flows/get.ts'
import { invalidDocument, readOtherFlows, refuseProblems } from '../flows/save.ts'
import { requireOpenProject } from '../projects/require.ts'
import { createRun } from './create.ts'
import {
  newRunSecrets,
  type RunSecrets,
  type RunValues,
  readRunValues,
  sealRunSecrets,
} from './run-values.ts'

export type RunDeps = { rules: FlowRules; sealer: Sealer; clock: Clock }

/** The run whose RunTemplate step starts this one. */
export type ParentRun = { runId: string; path: string; depth: number }

export type StartRequest = {
  key: FlowKey
  body: RunRequest
  actor: string | null
  trigger: RunTrigger
  parent?: ParentRun
  /** How many flows started one another before this one; with a parent, what the parent says. */
  depth?: number
}

const MAX_DEPTH = 10

/**
 * Starts the release flow of a stage. The run keeps the document, the flow's version and the arguments as they are
 * now. Nothing is created when the document cannot run: 400 names every problem; 409 `run_forbidden` when the flow
 * forbids two runs at once.
 */
export async function startRun(tx: Tx, request: StartRequest, deps: RunDeps): Promise<ReleaseRunRow> {
  const { key, body, actor, trigger, parent } = request
  const depth = parent?.depth ?? request.depth ?? 0
  await requireOpenProject(tx, key.projectId)
  const flow = (await lockReleaseFlow(tx, key)) ?? (await requireReleaseFlow(tx, key))
  refuseDepth(depth)
  const id = newId()
  const { document, secrets } = await prepareRun(tx, { key, flow, body }, deps)
  return createRun(tx, key, {
    policyOf: flow.document,
    now: deps.clock.now(),
    run: {
      id,
      kind: 'release',
      trigger,
      rollback_of: null,
      parent_run_id: parent?.runId ?? null,
      parent_path: parent?.path ?? null,
      depth,
      name: body.name ?? null,
      description: body.description ?? '',
      document,
      flow_version: flow.version,
      arguments: sealRunSecrets(id, secrets, deps.sealer),
      argument_names: Object.keys(secrets.arguments),
      overrides: body.overrides ?? {},
      release_node_overrides: body.releaseNodeOverrides ?? {},
      created_by: actor,
    },
  })
}

function refuseDepth(depth: number): void {
  if (depth <= MAX_DEPTH) return
  throw new FairwayError(
    'invalid_state',
    `Flows that start flows are nested more than ${MAX_DEPTH} deep. Look for a circle.`,
  )
}

export type Prepared = { document: FlowDocument; secrets: RunSecrets; values: RunValues }

/** What a run of this flow would execute, checked with the values that it would be given. */
export async function prepareRun(
  db: Db,
  { key, flow, body }: { key: FlowKey; flow: ReleaseFlowRow; body: RunRequest },
  { rules, sealer, clock }: RunDeps,
): Promise<Prepared> {
  const overrides = body.overrides ?? {}
  const document = overridden(flow.document, body, rules)
  const secrets = newRunSecrets(body.arguments ?? {}, openFlowSecrets(key, flow, sealer))
  const values = await readRunValues(
    db,
    { projectId: key.projectId, document, overrides, secrets, startedAt: clock.now() },
    sealer,
  )
  const flows = await readOtherFlows(db, key.projectId)
  refuseProblems(rules.check(document, await readStageFacts(db, key), { flows, values }))
  return { document, secrets, values }
}

function overridden(document: FlowDocument, body: RunRequest, rules: FlowRules): FlowDocument {
  if (body.overrides === undefined && body.releaseNodeOverrides === undefined) return document
  const read = rules.override(document, body)
  if (!read.ok) throw invalidDocument(read.problems)
  return read.document
}
