import * as contract from '@fairway/contract/routes/domains'
import {
  type CertificateWithVersion,
  findServedChain,
  listCertificates,
  listCertificatesBelow,
} from '../../db/certificates.ts'
import { type Db, transaction } from '../../db/db.ts'
import { requireDomain } from '../../db/domains.ts'
import { splitChain } from '../../lib/certificate-chain.ts'
import { covers } from '../../lib/host-cover.ts'
import { retryCertificate } from '../../operations/certificates/retry.ts'
import { importCertificate } from '../../operations/domains/import-certificate.ts'
import { pageOf } from '../page.ts'
import { defineRoute, type Route } from '../route.ts'
import { certificateViewOf } from './view.ts'

async function required(db: Db, source: 'acme' | 'imported', subject: string) {
  const [row] = await listCertificates(db, { source, subject })
  if (row === undefined) throw new Error(`the certificate of ${subject} is gone`)
  return certificateViewOf(row)
}

/** The imported one, else the one of the domain itself, else one that speaks for what is below it. */
async function chainOf(db: Db, domain: string, rows: readonly CertificateWithVersion[]) {
  const served = rows.filter(({ current }) => current !== null)
  const chosen =
    served.find(({ source, subject }) => source === 'imported' && subject === domain) ??
    served.find(({ hosts }) => hosts.some((host) => covers(host, domain)))
  const chain = chosen === undefined ? undefined : await findServedChain(db, chosen.id)
  if (chain === undefined) return {}
  const [certificate, issuer] = splitChain(chain)
  return {
    certificateChain: chain,
    ...(certificate !== undefined && { certificate }),
    ...(issuer !== undefined && { issuerCertificate: issuer }),
  }
}

export const certificateRoutes: readonly Route[] = [
  defineRoute(contract.getDomainCertificate, async ({ params: { domain } }, { db }) => {
    await requireDomain(db, domain)
    const rows = await listCertificatesBelow(db, domain)
    return { ...(await chainOf(db, domain, rows)), certificates: rows.map(certificateViewOf) }
  }),

  defineRoute(
    contract.importDomainCertificate,
    ({ params: { domain }, body, actor }, { db, sealer, clock }) =>
      transaction(db, async (tx) => {
        const input = body.certificate
        await importCertificate(tx, { domain, input, now: clock.now(), actor: actor.id }, sealer)
        return required(tx, 'imported', domain)
      }),
  ),

  defineRoute(contract.listCertificates, async ({ page }, { db }) =>
    pageOf(await listCertificates(db, 'all', page), page, (rows) => ({
      certificates: rows.map(certificateViewOf),
    })),
  ),

  defineRoute(contract.retryCertificate, ({ params: { host }, actor }, { db }) =>
    transaction(db, async (tx) => {
      await retryCertificate(tx, { host, actor: actor.id })
      return required(tx, 'acme', host)
    }),
  ),
]
