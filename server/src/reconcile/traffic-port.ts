import type { ServiceRoutes } from '@fairway/contract/gateway'

/** What the gateway says of one backend, cumulative since it first saw it. */
export type BackendReport = {
  id: string
  state: 'active' | 'draining' | 'drained'
  inFlight: number
  openWebSockets: number
  requests: number
  failures: number
  /** Connections that were cut when the drain budget ran out. */
  cut: number
}

/** What the gateway says of one service. `generation` is the one it serves now. */
export type ServiceReport = {
  key: string
  generation: number
  backends: BackendReport[]
  totals: {
    requests: number
    failures: number
    longestGapMs: number
    latencyMs: { p50: number; p99: number }
    /** Answers by latency, in the buckets of `contract/latency-histogram`. Older gateways do not tell. */
    latencyCounts?: readonly number[]
  }
  /** Where the public reaches the service's TCP ports. */
  tcp?: { name: string; listenPort: number }[]
}

/** A certificate with its chain and key in PEM, and the hosts it is shown for (`*.example.org` is one label). */
export type GatewayCertificate = { name: string; hosts: string[]; pem: string }

export type TlsSettings = {
  certificates: readonly GatewayCertificate[]
  /** Who answers `/.well-known/acme-challenge/` on the plain port. */
  challenge?: { host: string; port: number }
  /** Hosts whose plain requests are sent on to https. */
  redirectHosts?: readonly string[]
}

/**
 * The traffic layer. A service's routes are replaced as a whole; the promise resolves once the gateway
 * has acknowledged that it serves them, and rejects when it cannot be reached.
 */
export type Traffic = {
  apply(routes: ServiceRoutes): Promise<void>
  remove(key: string): Promise<void>
  report(key: string): Promise<ServiceReport | undefined>
  /** Keys and generations the gateway holds: for the resync. */
  list(): Promise<{ key: string; generation: number }[]>
  /** Where the public listens, for links: for instance `http://127.0.0.1:8080`. */
  publicUrl(): string
  /** Present when the gateway serves TLS. Replaces all certificates as a whole; resolves once they are served. */
  tls?: { apply(settings: TlsSettings): Promise<void> }
  /** What routes may ask for beyond HTTP/1.1 instances. Absent: nothing. */
  serves?: { tcp: boolean; http2Instances: boolean }
  /** What its figures are worth, said on receipts: `by` names it, `remarks` are sentences for people. */
  measures?: { by: string; remarks: readonly string[] }
  close(): Promise<void>
}
