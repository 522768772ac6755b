import * as contract from '@fairway/contract/routes/release-runs'
import { listApprovals } from '../../db/approvals.ts'
import { type Db, transaction } from '../../db/db.ts'
import { listRuns } from '../../db/release-runs.ts'
import { requireReleaseFlow } from '../../operations/flows/get.ts'
import { abortRun } from '../../operations/runs/abort.ts'
import { answerApproval } from '../../operations/runs/approve.ts'
import { type RunKey, readRun, requireRun } from '../../operations/runs/get.ts'
import { retryRun } from '../../operations/runs/retry.ts'
import { startRollback } from '../../operations/runs/rollback.ts'
import { planRollback } from '../../operations/runs/rollback-plan.ts'
import { startRun } from '../../operations/runs/start.ts'
import type { ApiDeps } from '../deps.ts'
import { pageOf } from '../page.ts'
import { defineRoute, defineStream } from '../route.ts'
import { approvalView } from './approval-view.ts'
import { receiptsOfRun } from './receipt-view.ts'
import { runDepsOf } from './run-deps.ts'
import { streamRun } from './run-events.ts'
import { runItemOf, runViewOf } from './run-view.ts'

const view = async (db: Db, key: RunKey) => runViewOf(await readRun(db, key))

type Rollback = {
  params: RunKey
  body: {
    configuration: boolean
    secrets: boolean
    flow: boolean
    name?: string | undefined
    description?: string | undefined
  }
  actor: { id: string }
}

async function rollBack({ params, body, actor }: Rollback, deps: ApiDeps) {
  const request = { ...body, actor: actor.id }
  const run = await transaction(deps.db, (tx) => startRollback(tx, request, params, runDepsOf(deps)))
  return view(deps.db, { ...params, runId: run.id })
}

export const releaseRunRoutes = [
  defineRoute(contract.listRuns, async ({ params, query, page }, { db }) => {
    await requireReleaseFlow(db, params)
    return pageOf(await listRuns(db, params, query, page), page, (runs) => ({ runs: runs.map(runItemOf) }))
  }),
  defineRoute(contract.startRun, async ({ params, body, actor }, deps) => {
    const request = { key: params, body, actor: actor.id, trigger: 'manual' } as const
    const run = await transaction(deps.db, (tx) => startRun(tx, request, runDepsOf(deps)))
    return view(deps.db, { ...params, runId: run.id })
  }),
  defineRoute(contract.getRun, ({ params }, { db }) => view(db, params)),
  defineRoute(contract.getReceipt, async ({ params }, { db }) => {
    const run = await requireRun(db, params)
    return { rollouts: await receiptsOfRun(db, run.id) }
  }),
  defineRoute(contract.abortRun, async ({ params, actor }, { db, clock }) => {
    const by = { actor: actor.id, at: clock.now() }
    await transaction(db, (tx) => abortRun(tx, params, by))
    return view(db, params)
  }),
  defineRoute(contract.retryRun, async ({ params, actor }, { db, flowRules }) => {
    await transaction(db, (tx) => retryRun(tx, params, { actor: actor.id, rules: flowRules }))
    return view(db, params)
  }),
  defineRoute(contract.rollback, rollBack),
  defineRoute(contract.planRollback, async ({ params, query }, { db }) => {
    const { changes, steps, warnings, irreversible, backups } = await planRollback(db, params, query)
    return {
      changes,
      steps,
      warnings,
      irreversible,
      backups: backups.map(({ takenAt, ...backup }) => ({
        ...backup,
        takenAt: takenAt.toISOString(),
        message: `Backup "${backup.name}" of addon "${backup.addonId}" of ${takenAt.toISOString()}.`,
      })),
    }
  }),
  defineRoute(contract.answerApproval, async ({ params, body, actor }, { db }) => {
    const answer = { ...body, actor: actor.id }
    const approvals = await transaction(db, (tx) => answerApproval(tx, params, answer))
    return { approvals: approvals.map(approvalView) }
  }),
  defineRoute(contract.listApprovals, async ({ params }, { db }) => {
    const run = await requireRun(db, params)
    return { approvals: (await listApprovals(db, run.id)).map(approvalView) }
  }),
  defineStream(contract.streamRun, streamRun),
]
