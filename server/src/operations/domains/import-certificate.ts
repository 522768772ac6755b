import { FairwayError, invalid } from '@fairway/contract/errors'
import type { CertificateInput } from '@fairway/contract/resources/domain'
import {
  insertCertificate,
  lockCertificate,
  moveCertificate,
  TLS_ALL,
  updateCertificate,
} from '../../db/certificates.ts'
import type { Tx } from '../../db/db.ts'
import { lockDomain } from '../../db/domains.ts'
import { recordEvent } from '../../db/events.ts'
import { newId, schedule } from '../../db/work.ts'
import { type CertificateFacts, isChained } from '../../lib/certificate-chain.ts'
import { covers } from '../../lib/host-cover.ts'
import type { Sealer } from '../../lib/seal.ts'
import { type CertificatePair, checkPair, keepVersion } from '../certificates/keep-version.ts'

type Import = { domain: string; input: CertificateInput; now: Date; actor: string }

/**
 * Stores a certificate for a domain as the next version; it is served from then on. `invalid_request` when the key is of
 * another one, it is not valid now, its chain does not hang together, or it does not speak for the domain.
 */
export async function importCertificate(
  tx: Tx,
  { domain, input, now, actor }: Import,
  sealer: Sealer,
): Promise<void> {
  const pair = { chain: input.certificateChain, key: input.privateKey }
  const facts = readInput(pair)
  const hosts = checkInput(pair, facts, { domain, now })
  await lockDomain(tx, domain)
  // First: everybody who needs this row takes it before the certificate's.
  await schedule(tx, 'tls', TLS_ALL)
  const key = { source: 'imported', subject: domain } as const
  await insertCertificate(tx, { ...key, id: newId(), hosts, domain, status: 'active' })
  const { id, status } = await lockCertificate(tx, key)
  const version = await keepVersion(tx, { id, hosts, pair, facts }, sealer)
  if (status === 'active') await updateCertificate(tx, id, { version, hosts })
  else await moveCertificate(tx, id, 'active', { version, hosts })
  await recordEvent(tx, {
    topic: 'certificate',
    subject: domain,
    type: 'certificate.imported',
    actor,
    data: { version, hosts, issuer: facts.issuer, notAfter: facts.notAfter.toISOString() },
  })
}

function readInput(pair: CertificatePair): CertificateFacts {
  try {
    return checkPair(pair)
  } catch (error) {
    if (!(error instanceof FairwayError)) throw error
    throw invalid('certificate', error.message.replace(/^The certificate cannot be used: |\.$/g, ''))
  }
}

/** The names of the certificate at and below the domain. */
function checkInput(
  { chain }: CertificatePair,
  facts: CertificateFacts,
  { domain, now }: { domain: string; now: Date },
): string[] {
  const refuse = (rule: string): never => {
    throw invalid('certificate.certificateChain', rule)
  }
  if (!isChained(chain)) refuse('must hold the certificate first and then, in order, those that signed it')
  if (facts.notAfter <= now) refuse(`ran out on ${facts.notAfter.toISOString()}`)
  if (facts.notBefore > now) refuse(`is not valid before ${facts.notBefore.toISOString()}`)
  const names = facts.hosts.filter((name) => name === domain || name.endsWith(`.${domain}`))
  if (!names.some((name) => name === `*.${domain}` || covers(name, domain)))
    refuse(`speaks for ${facts.hosts.join(', ') || 'no host'}, not for ${domain} or *.${domain}`)
  return names
}
