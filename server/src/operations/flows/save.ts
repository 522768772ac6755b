import { isDeepStrictEqual } from 'node:util'
import { FairwayError } from '@fairway/contract/errors'
import { cronOf, type FlowDocument } from '@fairway/contract/flow'
import { addressKey } from '@fairway/contract/nodes/run-template'
import type { Db, Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { requirePipeline } from '../../db/pipelines.ts'
import {
  type FlowKey,
  insertFlowVersion,
  listReleaseFlows,
  lockReleaseFlow,
  type ReleaseFlowRow,
  upsertReleaseFlow,
} from '../../db/release-flows.ts'
import { readStageFacts } from '../../db/stage-facts.ts'
import { schedule } from '../../db/work.ts'
import type { Sealer } from '../../lib/seal.ts'
import { followLink } from '../gitops/link.ts'
import { requireOpenProject } from '../projects/require.ts'
import { openFlowSecrets, sealFlowSecrets } from './argument-overrides.ts'
import type { DocumentProblem, FlowRules } from './flow-rules.ts'
import { requireReleaseFlow } from './get.ts'

type FlowDeps = { rules: FlowRules; sealer: Sealer }

export type SaveRequest = FlowKey & {
  actor: string
  /** The commit it was read from: then it does not go to git again, and git has no say about the link. */
  commit?: string
}

/**
 * Saves the flow of a stage. 400 `invalid_document` names every broken rule. A changed document is a new version;
 * `argumentOverrides` are sealed and never part of it, nor is `gitops`: absent, they stay as they were.
 */
export async function saveReleaseFlow(
  tx: Tx,
  { actor, commit, ...key }: SaveRequest,
  body: unknown,
  { rules, sealer }: FlowDeps,
): Promise<ReleaseFlowRow> {
  await requireOpenProject(tx, key.projectId)
  await requirePipeline(tx, key)
  const { argumentOverrides, gitops, ...document } = await readChecked(tx, key, withoutEmptyLink(body), rules)
  const before = await lockReleaseFlow(tx, key)
  const secrets = openFlowSecrets(key, before, sealer)
  if (argumentOverrides !== undefined) secrets.overrides = argumentOverrides
  // As it comes back from the database, which keeps no order of keys.
  const changed = !isDeepStrictEqual(before?.document, JSON.parse(JSON.stringify(document)))
  const version = (before?.version ?? 0) + (changed ? 1 : 0)
  const sealed = sealFlowSecrets(key, secrets, sealer)
  await upsertReleaseFlow(tx, key, { document, argumentOverrides: sealed, version })
  if (changed) await insertFlowVersion(tx, key, { version, document, actor, commit })
  if (commit === undefined) await followLink(tx, { key, actor, settings: gitops, changed })
  if (cronOf(document) !== undefined || (before && cronOf(before.document) !== undefined))
    await schedule(tx, 'flow_cron', `${key.projectId}/${key.pipelineId}/${key.stage}`)
  await recordEvent(tx, {
    projectId: key.projectId,
    topic: 'audit',
    subject: `${key.projectId}/${key.pipelineId}`,
    type: 'release-flow.save',
    actor,
    data: { stage: key.stage, version },
  })
  return requireReleaseFlow(tx, key)
}

/** Exported documents of flows without a link say `gitops: {}`. */
function withoutEmptyLink(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('gitops' in body)) return body
  const { gitops, ...rest } = body
  return isDeepStrictEqual(gitops, {}) ? rest : body
}

async function readChecked(tx: Tx, key: FlowKey, body: unknown, rules: FlowRules): Promise<FlowDocument> {
  const read = rules.parse(body)
  if (!read.ok) throw invalidDocument(read.problems)
  const flows = await readOtherFlows(tx, key.projectId)
  refuseProblems(rules.check(read.document, await readStageFacts(tx, key), { flows }))
  return read.document
}

/** The flows of a project as the check wants them. */
export async function readOtherFlows(db: Db, projectId: string): Promise<Map<string, FlowDocument>> {
  const flows = await listReleaseFlows(db, [projectId])
  return new Map(flows.map((flow) => [addressKey(flow), flow.document]))
}

export function refuseProblems(problems: readonly DocumentProblem[]): void {
  if (problems.length > 0) throw invalidDocument(problems)
}

const SHOWN = 5

export function invalidDocument(problems: readonly DocumentProblem[]): FairwayError {
  const shown = problems.slice(0, SHOWN).map(({ path, rule }) => (path === '' ? rule : `${path}: ${rule}`))
  const more = problems.length > SHOWN ? ` (and ${problems.length - SHOWN} more)` : ''
  return new FairwayError('invalid_document', `${shown.join(' ')}${more}`, {
    problems: problems.map(({ path, rule }) => ({ field: path, rule })),
  })
}
