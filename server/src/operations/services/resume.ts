import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { schedule } from '../../db/work.ts'
import { requireRunning } from './require-running.ts'
import { scaleService } from './scale.ts'

export type ResumeRequest = {
  projectId: string
  serviceId: string
  actor: string
  instances?: number
  disabledCI?: boolean
  disabledCD?: boolean
}

/** Undoes pause; CI and CD stay off unless the request turns them on. */
export async function resumeService(tx: Tx, request: ResumeRequest): Promise<void> {
  const { projectId, serviceId, actor, instances, disabledCI, disabledCD } = request
  await requireRunning(tx, request)
  await tx
    .updateTable('service')
    .set({
      paused: false,
      ...(disabledCI !== undefined && { disabled_ci: disabledCI }),
      ...(disabledCD !== undefined && { disabled_cd: disabledCD }),
    })
    .where('project_id', '=', projectId)
    .where('id', '=', serviceId)
    .execute()
  if (instances !== undefined) await scaleService(tx, { projectId, serviceId, instances, actor })
  const subject = `${projectId}/${serviceId}`
  await schedule(tx, 'service', subject)
  await recordEvent(tx, { projectId, topic: 'service', subject, type: 'service.resume', actor })
}
