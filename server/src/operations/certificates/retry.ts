import { FairwayError } from '@fairway/contract/errors'
import { lockCertificate, TLS_ALL, updateCertificate } from '../../db/certificates.ts'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { schedule } from '../../db/work.ts'

/** Makes the next try due now. `invalid_state` when there is nothing to try again. */
export async function retryCertificate(
  tx: Tx,
  { host, actor }: { host: string; actor: string },
): Promise<void> {
  await schedule(tx, 'tls', TLS_ALL)
  const row = await lockCertificate(tx, { source: 'acme', subject: host })
  if (row.next_try_at === null) {
    throw new FairwayError(
      'invalid_state',
      `No attempt for "${host}" has failed: there is nothing to try again.`,
    )
  }
  await updateCertificate(tx, row.id, { next_try_at: null })
  await recordEvent(tx, { topic: 'certificate', subject: host, type: 'certificate.retry', actor })
}
