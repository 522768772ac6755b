import * as contract from '@fairway/contract/routes/release-flows'
import { type Db, transaction } from '../../db/db.ts'
import { type FlowWebhookRow, findFlowWebhook } from '../../db/flow-webhooks.ts'
import { findGitopsLinkOfFlow } from '../../db/gitops-links.ts'
import { type HoldRow, listHolds } from '../../db/holds.ts'
import { type FlowKey, findFlowVersion, type ReleaseFlowRow } from '../../db/release-flows.ts'
import { listRuns } from '../../db/release-runs.ts'
import type { Sealer } from '../../lib/seal.ts'
import { openFlowSecrets } from '../../operations/flows/argument-overrides.ts'
import { requireReleaseFlow } from '../../operations/flows/get.ts'
import { saveReleaseFlow } from '../../operations/flows/save.ts'
import { requireProject } from '../../operations/projects/require.ts'
import { liftHold } from '../../operations/runs/lift-hold.ts'
import { planRun } from '../../operations/runs/plan.ts'
import { issueFlowWebhook, revokeFlowWebhook } from '../../operations/triggers/flow-webhook.ts'
import { pageOfAll } from '../page.ts'
import { defineRoute } from '../route.ts'
import { runDepsOf } from './run-deps.ts'

type ViewDeps = { db: Db; sealer: Sealer }

async function viewOf(key: FlowKey, flow: ReleaseFlowRow, { db, sealer }: ViewDeps) {
  const [newest] = await listRuns(db, key, {}, { limit: 1, offset: 0 })
  const first = await findFlowVersion(db, key, 1)
  const link = await findGitopsLinkOfFlow(db, key)
  const { document, version, updated_at } = flow
  return {
    ...document,
    arguments: document.arguments ?? {},
    argumentOverrideNames: Object.keys(openFlowSecrets(key, flow, sealer).overrides),
    triggers: document.triggers ?? [],
    options: document.options ?? {},
    ...(link !== undefined && { gitops: link.settings }),
    concurrencyPolicy: document.options?.concurrencyPolicy ?? 'allow',
    paused: document.options?.paused ?? false,
    stage: key.stage,
    version,
    status: newest?.status ?? 'unknown',
    createdAt: (first?.created_at ?? updated_at).toISOString(),
    updatedAt: updated_at.toISOString(),
  }
}

const webhookView = (webhook: FlowWebhookRow | undefined) =>
  webhook === undefined
    ? { enabled: false }
    : {
        enabled: true,
        createdBy: webhook.created_by,
        createdAt: webhook.created_at.toISOString(),
        lastUsedAt: webhook.last_used_at?.toISOString() ?? null,
      }

const holdView = (hold: HoldRow) => ({
  targetType: hold.target_kind,
  targetId: hold.target_id,
  digest: hold.artifact_digest,
  reason: hold.reason,
  runId: hold.run_id,
  createdBy: hold.created_by,
  createdAt: hold.created_at.toISOString(),
})

export const releaseFlowRoutes = [
  defineRoute(contract.getReleaseFlow, async ({ params }, deps) =>
    viewOf(params, await requireReleaseFlow(deps.db, params), deps),
  ),
  defineRoute(contract.updateReleaseFlow, async ({ params, body, actor }, deps) => {
    const key = { ...params, actor: actor.id }
    const flow = await transaction(deps.db, (tx) => saveReleaseFlow(tx, key, body, runDepsOf(deps)))
    return viewOf(params, flow, deps)
  }),
  defineRoute(contract.planReleaseFlow, ({ params, query }, deps) =>
    planRun(deps.db, params, query, runDepsOf(deps)),
  ),
  defineRoute(contract.listHolds, async ({ params: { projectId }, page }, { db }) => {
    await requireProject(db, projectId)
    return pageOfAll(await listHolds(db, projectId), page, (holds) => ({ holds: holds.map(holdView) }))
  }),
  defineRoute(contract.liftHold, async ({ params, actor }, { db }) => {
    const { projectId, targetType: kind, targetId: id, digest } = params
    await transaction(db, (tx) => liftHold(tx, { projectId, target: { kind, id }, digest }, actor.id))
    return {}
  }),
  defineRoute(contract.getFlowWebhook, async ({ params }, { db }) => {
    await requireReleaseFlow(db, params)
    return webhookView(await findFlowWebhook(db, params))
  }),
  defineRoute(contract.issueFlowWebhook, async ({ params, actor }, { db, sealer }) => {
    const { token } = await transaction(db, (tx) => issueFlowWebhook(tx, params, actor.id))
    sealer.announce(token)
    return { token, path: `/v1/webhooks/release-flows/${token}` }
  }),
  defineRoute(contract.revokeFlowWebhook, async ({ params, actor }, { db }) => {
    await transaction(db, (tx) => revokeFlowWebhook(tx, params, actor.id))
    return {}
  }),
]
