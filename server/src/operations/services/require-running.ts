import { FairwayError } from '@fairway/contract/errors'
import type { Tx } from '../../db/db.ts'
import { lockService, type ServiceRow } from '../../db/services.ts'

/** The service, locked, when it is of a kind that runs instances; 409 for a build service. */
export async function requireRunning(
  tx: Tx,
  key: { projectId: string; serviceId: string },
): Promise<ServiceRow> {
  const service = await lockService(tx, key)
  if (service.kind !== 'build') return service
  throw new FairwayError('invalid_state', `"${service.id}" is a build service: it runs nothing.`)
}
