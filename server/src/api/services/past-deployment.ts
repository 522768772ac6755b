import type { PastDeployment } from '@fairway/contract/routes/service-actions'
import type { DeploymentRow } from '../../db/deployments.ts'

/** A revision with what became of it. Pure. */
export function pastDeploymentOf(row: DeploymentRow): PastDeployment {
  const { internal, external } = row.source
  return {
    revision: row.id,
    number: row.number,
    status: row.state as PastDeployment['status'],
    message: row.message,
    reason: row.reason as PastDeployment['reason'],
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
    ...(internal && { internal: { ...pickOf(internal), message: row.commit_message } }),
    ...(external && { external: { imagePath: external.imagePath } }),
  }
}

const pickOf = ({ id, branch, buildId, buildSHA }: NonNullable<DeploymentRow['source']['internal']>) => ({
  id,
  branch,
  buildId,
  buildSHA,
})
