import type { buildView } from '@fairway/contract/routes/builds'
import { type BuildStatus, buildMoves } from '@fairway/contract/states'
import type { z } from 'zod'
import type { BuildView } from '../../db/build-views.ts'

export function buildViewOf(row: BuildView): z.input<typeof buildView> {
  const concluded = (buildMoves[row.status as BuildStatus] ?? []).length === 0
  return {
    id: row.id,
    branch: row.branch,
    pullRequestId: row.pull_request_id,
    ...(row.sha !== null && { sha: row.sha }),
    status: row.status,
    success: row.status === 'SUCCESS',
    concluded,
    createdAt: row.created_at.toISOString(),
    ...(row.started_at !== null && { startedAt: row.started_at.toISOString() }),
    ...(row.concluded_at !== null && { buildConcludedAt: Math.floor(row.concluded_at.getTime() / 1000) }),
    message: row.message,
    artifact: row.artifact_digest,
    ...(row.error !== null && { error: row.error }),
  }
}
