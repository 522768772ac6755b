import type { FairwayError } from '@fairway/contract/errors'
import type { CertificateStatus } from '@fairway/contract/states'
import { forgetChallenges } from '../db/acme.ts'
import { type CertificateRow, listCertificates, moveCertificate, TLS_ALL } from '../db/certificates.ts'
import { recordEvent } from '../db/events.ts'
import { schedule, type WorkItem, withLease } from '../db/work.ts'
import type { CertificateFacts } from '../lib/certificate-chain.ts'
import { type CertificatePair, keepVersion } from '../operations/certificates/keep-version.ts'
import { retryAfterMs } from './certificate-plan.ts'
import type { CertificateDeps } from './certificates.ts'

const NO_ATTEMPT = { started_at: null, order_url: null, order_key: null }

type Deps = Pick<CertificateDeps, 'db' | 'sealer' | 'clock' | 'log'>

/** The new version is served from here on; whoever brings it to the gateway is woken. */
export async function noteIssued(
  { db, sealer }: Deps,
  item: WorkItem,
  { row, pair, facts }: { row: CertificateRow; pair: CertificatePair; facts: CertificateFacts },
): Promise<void> {
  await withLease(db, item, async (tx) => {
    // First: everybody who needs this row takes it before the certificate's.
    await schedule(tx, 'tls', TLS_ALL)
    const version = await keepVersion(tx, { id: row.id, hosts: row.hosts, pair, facts }, sealer)
    await moveCertificate(tx, row.id, 'active', {
      ...NO_ATTEMPT,
      version,
      attempts: 0,
      reason: null,
      next_try_at: null,
    })
    await forgetChallenges(tx, row.id)
    await recordEvent(tx, {
      topic: 'certificate',
      subject: row.subject,
      type: row.version === null ? 'certificate.issued' : 'certificate.renewed',
      data: { version, issuer: facts.issuer, notAfter: facts.notAfter.toISOString() },
    })
  })
}

/** What is served stays. The same reason again is counted and not told again. */
export async function noteFailure(
  { db, clock, log }: Deps,
  item: WorkItem,
  row: CertificateRow,
  error: FairwayError,
): Promise<void> {
  const now = clock.now()
  const attempts = row.attempts + 1
  const asked = error.data.retryAfterMs
  const next = new Date(now.getTime() + retryAfterMs(attempts, typeof asked === 'number' ? asked : undefined))
  const reason = error.message
  await withLease(db, item, async (tx) => {
    const held = await listCertificates(tx, { source: 'acme', subject: row.subject })
    const status = statusAfterFailure(row, held[0]?.current?.not_after ?? null, now)
    await moveCertificate(tx, row.id, status, { ...NO_ATTEMPT, attempts, reason, next_try_at: next })
    await forgetChallenges(tx, row.id)
    if (reason === row.reason) return
    await recordEvent(tx, {
      topic: 'certificate',
      subject: row.subject,
      type: 'certificate.failed',
      data: { reason, attempts, nextTryAt: next.toISOString() },
    })
  })
  if (reason !== row.reason) log.warn({ host: row.subject, nextTryAt: next }, reason)
}

function statusAfterFailure(row: CertificateRow, notAfter: Date | null, now: Date): CertificateStatus {
  if (row.status === 'issuing' || notAfter === null) return 'failed'
  return notAfter <= now ? 'expired' : 'active'
}
