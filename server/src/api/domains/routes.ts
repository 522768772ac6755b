import * as contract from '@fairway/contract/routes/domains'
import { listCertificates } from '../../db/certificates.ts'
import { type Db, transaction } from '../../db/db.ts'
import {
  type DomainRow,
  listDomains,
  listSubdomains,
  requireDomain,
  requireSubdomain,
} from '../../db/domains.ts'
import { assignSubdomain, unassignSubdomain } from '../../operations/domains/assign.ts'
import { importCertificate } from '../../operations/domains/import-certificate.ts'
import {
  addSubdomain,
  PROOF_LABEL,
  registerDomain,
  removeDomain,
  removeSubdomain,
  verifyDomain,
} from '../../operations/domains/register.ts'
import type { ApiDeps } from '../deps.ts'
import { pageOf } from '../page.ts'
import { defineRoute, type Route } from '../route.ts'
import { domainViewOf, subdomainViewOf } from './view.ts'

const viewOf = async (db: Db, row: DomainRow) =>
  domainViewOf(row, await listCertificates(db, { source: 'imported', subject: row.name }))

type Sub = { domain: string; subdomain: string }

const subdomainOf = async (db: Db, { domain, subdomain }: Sub, { domains }: ApiDeps) =>
  subdomainViewOf(db, await requireSubdomain(db, domain, subdomain), domains.target)

/** DNS is asked only while there is something to prove. */
async function verify({ db, domains }: ApiDeps, domain: string, actor: string): Promise<DomainRow> {
  const row = await requireDomain(db, domain)
  if (row.status === 'verified') return row
  const records = await domains.lookUpTxt(`${PROOF_LABEL}.${domain}`)
  return transaction(db, (tx) => verifyDomain(tx, { domain, actor, records }))
}

const domainRoutesOnly: readonly Route[] = [
  defineRoute(contract.listDomains, async ({ page }, { db }) => {
    const imported = await listCertificates(db, { source: 'imported' })
    return pageOf(await listDomains(db, page), page, (rows) => ({
      domains: rows.map((row) => domainViewOf(row, imported)),
    }))
  }),

  defineRoute(contract.createDomain, ({ body, actor }, { db, domains, sealer, clock }) =>
    transaction(db, async (tx) => {
      const { domain, certificates } = body
      const input = certificates.certificateInput
      const request = { domain, actor: actor.id }
      const row = await registerDomain(tx, { ...request, mustVerify: domains.mustVerify })
      if (input !== undefined) await importCertificate(tx, { ...request, input, now: clock.now() }, sealer)
      return viewOf(tx, row)
    }),
  ),

  defineRoute(contract.getDomain, async ({ params: { domain } }, { db }) => {
    const row = await requireDomain(db, domain)
    const subdomains = await listSubdomains(db, domain)
    return {
      ...(await viewOf(db, row)),
      subdomains: subdomains.map(({ name, full_name }) => ({ name, fullName: full_name })),
    }
  }),

  defineRoute(contract.deleteDomain, async ({ params: { domain }, actor }, { db }) => {
    await transaction(db, (tx) => removeDomain(tx, { domain, actor: actor.id }))
    return {}
  }),

  defineRoute(contract.verifyDomain, async ({ params: { domain }, actor }, deps) =>
    viewOf(deps.db, await verify(deps, domain, actor.id)),
  ),
]

const subdomainRoutes: readonly Route[] = [
  defineRoute(contract.addSubdomain, ({ params, body, actor }, deps) =>
    transaction(deps.db, async (tx) => {
      const target = { domain: params.domain, subdomain: body.subdomain }
      await addSubdomain(tx, { ...target, actor: actor.id })
      return subdomainOf(tx, target, deps)
    }),
  ),

  defineRoute(contract.getSubdomain, ({ params }, deps) => subdomainOf(deps.db, params, deps)),

  defineRoute(contract.deleteSubdomain, async ({ params, actor }, { db }) => {
    await transaction(db, (tx) => removeSubdomain(tx, { ...params, actor: actor.id }))
    return {}
  }),

  defineRoute(contract.assignSubdomain, ({ params, body, actor }, deps) =>
    transaction(deps.db, async (tx) => {
      await assignSubdomain(tx, { ...params, actor: actor.id }, body, deps.sealer)
      return subdomainOf(tx, params, deps)
    }),
  ),

  defineRoute(contract.unassignSubdomain, ({ params, actor }, deps) =>
    transaction(deps.db, async (tx) => {
      await unassignSubdomain(tx, { ...params, actor: actor.id }, deps.sealer)
      return subdomainOf(tx, params, deps)
    }),
  ),

  defineRoute(contract.verifySubdomain, async ({ params, actor }, deps) => {
    await requireSubdomain(deps.db, params.domain, params.subdomain)
    await verify(deps, params.domain, actor.id)
    return subdomainOf(deps.db, params, deps)
  }),
]

export const domainRoutes: readonly Route[] = [...domainRoutesOnly, ...subdomainRoutes]
