import { createPrivateKey, X509Certificate } from 'node:crypto'

/** What a certificate says of itself. `hosts` are its DNS names, in small letters. */
export type CertificateFacts = {
  hosts: string[]
  issuer: string
  serial: string
  fingerprint: string
  notBefore: Date
  notAfter: Date
}

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g

/** The certificates of a PEM text, in their order. */
export const splitChain = (pem: string): string[] => pem.match(BLOCK) ?? []

/** Reads the first certificate of a chain. Throws when there is none. */
export function readFacts(chain: string): CertificateFacts {
  const leaf = leafOf(chain)
  return {
    hosts: namesOf(leaf),
    issuer: leaf.issuer.split('\n').join(', '),
    serial: leaf.serialNumber.toLowerCase(),
    fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    notBefore: new Date(leaf.validFrom),
    notAfter: new Date(leaf.validTo),
  }
}

function leafOf(chain: string): X509Certificate {
  const [first] = splitChain(chain)
  if (first === undefined) throw new Error('holds no certificate in PEM')
  return new X509Certificate(first)
}

/** Each entry stands in the field as `DNS:name`; names that need quoting are no host names. */
function namesOf({ subjectAltName = '' }: X509Certificate): string[] {
  const names = [...subjectAltName.matchAll(/(?:^|, )DNS:([^",\s]+)/g)].map(([, name = '']) => name)
  return [...new Set(names.map((name) => name.toLowerCase()))]
}

/** Whether each certificate was signed by the next one. */
export function isChained(chain: string): boolean {
  const all = splitChain(chain).map((pem) => new X509Certificate(pem))
  return all.every((one, index) => {
    const next = all[index + 1]
    return next === undefined || (one.checkIssued(next) && one.verify(next.publicKey))
  })
}

/** Whether the private key (PEM) is the one of the first certificate. Throws when it cannot be read. */
export const isKeyOf = (chain: string, key: string): boolean =>
  leafOf(chain).checkPrivateKey(createPrivateKey(key))

/** What programs that serve it want: the chain and the key, each in PEM and nothing else. */
export const bundleOf = (chain: string, key: string): string =>
  `${splitChain(chain).join('\n')}\n${key.trim()}\n`
