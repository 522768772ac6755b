import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'

/** The entry of the audit log, in the change's own transaction. */
export const recordDomain = (
  tx: Tx,
  domain: string,
  { type, actor, data }: { type: string; actor: string; data?: Record<string, unknown> },
): Promise<void> =>
  recordEvent(tx, { topic: 'audit', subject: domain, type, actor, ...(data !== undefined && { data }) })
