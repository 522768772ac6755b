import { FairwayError } from '@fairway/contract/errors'
import { insertCertificateVersion } from '../../db/certificates.ts'
import type { Tx } from '../../db/db.ts'
import { type CertificateFacts, isKeyOf, readFacts, splitChain } from '../../lib/certificate-chain.ts'
import type { Sealer } from '../../lib/seal.ts'

/** A certificate with its chain, and its private key, each in PEM. */
export type CertificatePair = { chain: string; key: string }

const contextOf = (id: string): string => `certificate/${id}`

export const sealKey = (sealer: Sealer, id: string, key: string): Buffer =>
  sealer.seal(Buffer.from(key), contextOf(id))

export const openKey = (sealer: Sealer, id: string, sealed: Buffer): string =>
  sealer.open(sealed, contextOf(id)).toString()

/** What the certificate says of itself. `certificate_failed` when it cannot be read or the key is not its own. */
export function checkPair({ chain, key }: CertificatePair): CertificateFacts {
  try {
    const facts = readFacts(chain)
    if (!isKeyOf(chain, key)) throw new Error('the private key is of another certificate')
    return facts
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new FairwayError('certificate_failed', `The certificate cannot be used: ${why}.`, { cause })
  }
}

/** Stores a version with its key sealed and answers its number. */
export function keepVersion(
  tx: Tx,
  { id, hosts, pair, facts }: { id: string; hosts: string[]; pair: CertificatePair; facts: CertificateFacts },
  sealer: Sealer,
): Promise<number> {
  return insertCertificateVersion(tx, {
    certificate_id: id,
    hosts,
    issuer: facts.issuer,
    serial: facts.serial,
    fingerprint: facts.fingerprint,
    not_before: facts.notBefore,
    not_after: facts.notAfter,
    chain: `${splitChain(pair.chain).join('\n')}\n`,
    key: sealKey(sealer, id, pair.key),
  })
}
