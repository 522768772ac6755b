import type { certificateView, domainView, subdomainView } from '@fairway/contract/resources/domain'
import type { z } from 'zod'
import { type CertificateWithVersion, listCertificates } from '../../db/certificates.ts'
import type { Db } from '../../db/db.ts'
import { type DomainRow, listHostUses, requireDomain, type SubdomainRow } from '../../db/domains.ts'
import { renewAt } from '../../lib/certificate-life.ts'
import { covers } from '../../lib/host-cover.ts'
import { PROOF_LABEL } from '../../operations/domains/register.ts'

const text = (time: Date | null | undefined): string | null => time?.toISOString() ?? null

export function certificateViewOf(row: CertificateWithVersion): z.input<typeof certificateView> {
  const { current, source } = row
  const life = current && { notBefore: current.not_before, notAfter: current.not_after }
  return {
    id: row.id,
    source,
    subject: row.subject,
    hosts: row.hosts,
    status: row.status,
    version: row.version,
    issuer: current?.issuer ?? null,
    serial: current?.serial ?? null,
    fingerprint: current?.fingerprint ?? null,
    notBefore: text(life?.notBefore),
    notAfter: text(life?.notAfter),
    renewsAt: life !== null && source === 'acme' ? text(renewAt(life)) : null,
    attempts: row.attempts,
    reason: row.reason,
    nextTryAt: text(row.next_try_at),
    updatedAt: row.updated_at.toISOString(),
  }
}

export function domainViewOf(
  { name, status, token, created_at }: DomainRow,
  imported: readonly CertificateWithVersion[],
): z.input<typeof domainView> {
  const held = imported.find(({ source, subject }) => source === 'imported' && subject === name)
  const end = held?.current?.not_after
  return {
    name,
    status,
    hostname: PROOF_LABEL,
    token,
    redirect: { mode: 'default' },
    certificates: {
      mode: held === undefined ? 'default' : 'wildcard-import',
      ...(end !== undefined && { status: { expiryDate: end.toISOString() } }),
    },
    createdAt: created_at.toISOString(),
  }
}

/** `target`: what DNS records should point to. */
export async function subdomainViewOf(
  db: Db,
  { domain, name, full_name }: SubdomainRow,
  target: string,
): Promise<z.input<typeof subdomainView>> {
  const { status } = await requireDomain(db, domain)
  const [use] = await listHostUses(db, [full_name])
  const wildcard = full_name.replace(/^[^.]+/, '*')
  const all = await listCertificates(db, { hosts: [full_name, wildcard] })
  return {
    recordType: 'CNAME',
    name,
    fullName: full_name,
    content: target,
    verified: status === 'verified',
    assigned: use === undefined ? null : { ...idsOf(use), portName: use.port },
    certificate: briefOf(all.filter(({ hosts }) => hosts.some((host) => covers(host, full_name)))),
  }
}

const idsOf = ({ projectId, serviceId }: { projectId: string; serviceId: string }) => ({
  projectId,
  serviceId,
})

/** Of the one that is served, or that is on its way. */
function briefOf(all: readonly CertificateWithVersion[]): z.input<typeof subdomainView>['certificate'] {
  const row = all.find(({ status }) => status === 'active' || status === 'renewing') ?? all[0]
  if (row === undefined) return { inProgress: false }
  const { status, notAfter, renewsAt, reason, nextTryAt } = certificateViewOf(row)
  return {
    inProgress: status === 'pending' || status === 'issuing' || status === 'renewing',
    status,
    ...(notAfter !== null && { expiryDate: notAfter }),
    ...(renewsAt !== null && { refreshDate: renewsAt }),
    ...(reason !== null && { reason }),
    ...(nextTryAt !== null && { nextTryAt }),
  }
}
