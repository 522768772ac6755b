/** A host that the authority wants proved: `answer` is to be found under `/.well-known/acme-challenge/{token}`. */
export type AcmeChallenge = { host: string; token: string; answer: string; url: string }

/**
 * An order as the authority sees it. `pending`: `open` are the proofs that it has not asked for yet, `trouble` is what
 * went wrong with one so far.
 */
export type AcmeOrder =
  | { status: 'pending'; challenges: AcmeChallenge[]; open: AcmeChallenge[]; trouble: string | null }
  | { status: 'ready' | 'processing' | 'valid' }
  | { status: 'invalid'; reason: string }

/** Our account at an authority. `url` is null until the authority knows the key. */
export type AcmeAccount = { key: string; url: string | null }

/**
 * What can be asked of an authority with an account. Everything fails with `certificate_failed` and a sentence for
 * people; `data.retryAfterMs` when the authority says how long to stay away.
 */
export type AcmeSession = {
  accountUrl: string
  /** Opens an order for these hosts and answers its address. */
  begin(hosts: readonly string[]): Promise<string>
  /** Undefined: the authority has no such order (any more). */
  look(order: string): Promise<AcmeOrder | undefined>
  /** Says that the answer of a challenge can be fetched now. */
  answer(challenge: AcmeChallenge): Promise<void>
  /** Hands in the request for a certificate of this key (PEM). Only for an order that is `ready`. */
  finalize(order: string, request: { hosts: readonly string[]; key: string }): Promise<void>
  /** The certificate with its chain, PEM. Only for an order that is `valid`. */
  download(order: string): Promise<string>
}

/** A certificate authority that speaks ACME (RFC 8555). */
export type AcmeAuthority = {
  directory: string
  /** A new private key, PEM: for an account or for a certificate. */
  newKey(): Promise<string>
  /** Registers the key, or finds the account that it has. */
  open(account: AcmeAccount): Promise<AcmeSession>
}
