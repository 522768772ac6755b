import { FairwayError } from '@fairway/contract/errors'
import type { Tx } from '../../db/db.ts'
import type { Sealer } from '../../lib/seal.ts'
import type { Deployment } from './deploy.ts'
import { redeployService } from './redeploy.ts'

/** New instances of the same version, started before the old ones go. 409 when nothing was ever deployed. */
export async function restartService(
  tx: Tx,
  request: { projectId: string; serviceId: string; actor: string },
  sealer: Sealer,
): Promise<Deployment> {
  const deployment = await redeployService(tx, { ...request, reason: 'restart' }, sealer)
  if (deployment !== undefined) return deployment
  throw new FairwayError(
    'invalid_state',
    `Nothing was ever deployed to "${request.serviceId}". Deploy a build first.`,
  )
}
