import type { Db } from '../../db/db.ts'
import { requireJob } from '../../db/jobs.ts'
import type { Owner } from '../../db/secrets.ts'
import { requireService } from '../../db/services.ts'

/** The owner's tags, by which secret groups reach it. `not_found` when there is no such owner. */
export async function requireOwnerTags(db: Db, { projectId, kind, id }: Owner): Promise<string[]> {
  const owner =
    kind === 'service'
      ? await requireService(db, { projectId, serviceId: id })
      : await requireJob(db, { projectId, jobId: id })
  return owner.tags
}
