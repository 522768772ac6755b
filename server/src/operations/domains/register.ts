import { randomBytes } from 'node:crypto'
import { FairwayError } from '@fairway/contract/errors'
import { fullNameOf } from '@fairway/contract/resources/domain'
import type { Tx } from '../../db/db.ts'
import {
  type DomainRow,
  deleteDomain,
  deleteSubdomain,
  insertDomain,
  insertSubdomain,
  listHostUses,
  listSubdomains,
  lockDomain,
  markVerified,
  requireSubdomain,
  type SubdomainRow,
} from '../../db/domains.ts'
import { recordDomain } from './record.ts'

/** The label below a domain whose TXT record proves it. */
export const PROOF_LABEL = 'fairway-verify'

type Target = { domain: string; actor: string }

/** Registers a domain; where nothing has to be proved it is verified at once. `name_taken` when it is there. */
export async function registerDomain(
  tx: Tx,
  { domain, actor, mustVerify }: Target & { mustVerify: boolean },
): Promise<DomainRow> {
  const isNew = await insertDomain(tx, { name: domain, token: randomBytes(32).toString('hex') })
  if (!isNew) throw new FairwayError('name_taken', `The domain "${domain}" is registered already.`)
  await recordDomain(tx, domain, { type: 'domain.create', actor })
  if (!mustVerify) await markVerified(tx, domain)
  return lockDomain(tx, domain)
}

/** `records`: what the TXT records at the proof's name say. `conflict` when none is the token. */
export async function verifyDomain(
  tx: Tx,
  { domain, actor, records }: Target & { records: readonly string[] },
): Promise<DomainRow> {
  const row = await lockDomain(tx, domain)
  if (row.status === 'verified') return row
  if (!records.some((record) => record.trim() === row.token)) {
    throw new FairwayError(
      'conflict',
      `There is no TXT record "${row.token}" at ${PROOF_LABEL}.${domain} yet. Add it, wait until DNS shows it, and try again.`,
    )
  }
  await markVerified(tx, domain)
  await recordDomain(tx, domain, { type: 'domain.verify', actor })
  return lockDomain(tx, domain)
}

/** Forgets a domain with all below it. `conflict` while ports answer a name of it. */
export async function removeDomain(tx: Tx, { domain, actor }: Target): Promise<void> {
  await lockDomain(tx, domain)
  const names = (await listSubdomains(tx, domain)).map(({ full_name }) => full_name)
  await requireUnused(tx, names)
  await deleteDomain(tx, domain)
  await recordDomain(tx, domain, { type: 'domain.delete', actor })
}

async function requireUnused(tx: Tx, hosts: readonly string[]): Promise<void> {
  const uses = await listHostUses(tx, hosts)
  if (uses.length === 0) return
  const some = uses.slice(0, 5).map(({ host, projectId, serviceId }) => `${host} (${projectId}/${serviceId})`)
  throw new FairwayError(
    'conflict',
    `Ports of services still answer ${some.join(', ')}. Unassign those first.`,
    {
      data: { uses },
    },
  )
}

type SubdomainTarget = Target & { subdomain: string }

/** Adds a name below a domain, or the domain itself. `name_taken` when it is there, below whatever domain. */
export async function addSubdomain(
  tx: Tx,
  { domain, subdomain, actor }: SubdomainTarget,
): Promise<SubdomainRow> {
  await lockDomain(tx, domain)
  const full_name = fullNameOf(domain, subdomain)
  if (full_name.length > 253) {
    throw new FairwayError('invalid_request', `subdomain: "${full_name}" is longer than 253 characters.`)
  }
  if (!(await insertSubdomain(tx, { domain, name: subdomain, full_name })))
    throw new FairwayError('name_taken', `"${full_name}" is there already.`)
  await recordDomain(tx, domain, { type: 'subdomain.create', actor, data: { host: full_name } })
  return requireSubdomain(tx, domain, subdomain)
}

/** `conflict` while a port answers it. */
export async function removeSubdomain(tx: Tx, { domain, subdomain, actor }: SubdomainTarget): Promise<void> {
  await lockDomain(tx, domain)
  const { full_name } = await requireSubdomain(tx, domain, subdomain)
  await requireUnused(tx, [full_name])
  await deleteSubdomain(tx, domain, subdomain)
  await recordDomain(tx, domain, { type: 'subdomain.delete', actor, data: { host: full_name } })
}
