import type { CertificateStatus } from '@fairway/contract/states'
import { renewAt } from '../lib/certificate-life.ts'
import { covers } from '../lib/host-cover.ts'

/** What is stored of a certificate, as far as decisions go. `current` is the version that is served. */
export type StoredCertificate = {
  id: string
  source: 'acme' | 'imported'
  /** The host it is kept up for, or the domain it was imported for. */
  subject: string
  hosts: readonly string[]
  status: CertificateStatus
  current: { notBefore: Date; notAfter: Date } | null
  nextTryAt: Date | null
}

export type CertificateSettings = {
  /** Whether there is an authority to ask, and a gateway that serves what it gives. */
  issues: boolean
  /** An authority of one's own may be asked for names that nobody else's gives. */
  privateAuthority: boolean
}

export type CertificateAction =
  /** A host that has no certificate gets one. */
  | { do: 'add'; host: string }
  | { do: 'start'; id: string }
  /** Its time has run out. */
  | { do: 'expire'; id: string }
  /** Nobody serves the host any more, and there is nothing to keep. */
  | { do: 'drop'; id: string }

export type CertificatePlan = { actions: CertificateAction[]; lookAgainAt: Date | null }

const DAY_MS = 86_400_000
/** How long before its end an imported certificate that nobody replaced is made up for. */
const IMPORT_LEFT_MS = 14 * DAY_MS

const MINUTE_MS = 60_000
const RETRIES_MS = [1, 5, 15, 60, 4 * 60, 12 * 60, 24 * 60].map((minutes) => minutes * MINUTE_MS)

/** How long to wait after the nth failure in a row. An authority that names a longer time gets it. */
export const retryAfterMs = (failures: number, askedMs = 0): number =>
  Math.max(RETRIES_MS[Math.min(Math.max(failures, 1), RETRIES_MS.length) - 1] ?? 0, askedMs)

/** Names that no public authority vouches for, and hosts that HTTP-01 cannot prove. */
const RESERVED = /(^|\.)(localhost|local|internal|test|example|invalid|onion|home\.arpa|lan)$/

/** Whether an authority can be asked for this host: not for wildcards and addresses. */
export function isIssuable(host: string, { privateAuthority }: CertificateSettings): boolean {
  if (host.startsWith('*') || /^[0-9.]+$/.test(host)) return false
  return privateAuthority || (host.includes('.') && !RESERVED.test(host))
}

/**
 * Decides which certificates to ask for, renew, give up, or mark as run out. Pure. `hosts` are the names under which
 * the public reaches services now.
 */
export function planCertificates(
  hosts: readonly string[],
  stored: readonly StoredCertificate[],
  settings: CertificateSettings,
  now: Date,
): CertificatePlan {
  const wanted = wantedHosts(hosts, stored, settings, now)
  const own = stored.filter(({ source }) => source === 'acme')
  const known = new Set(own.map(({ subject }) => subject))
  const decided = stored.map((one) => decide(one, wanted, settings, now))
  return {
    actions: [
      ...[...wanted].filter((host) => !known.has(host)).map((host) => ({ do: 'add', host }) as const),
      ...decided.flatMap(({ action }) => (action === undefined ? [] : [action])),
    ],
    lookAgainAt: earliest(decided.map(({ at }) => at)),
  }
}

/** Those that are not served with an imported certificate, unless that one is about to end. */
function wantedHosts(
  hosts: readonly string[],
  stored: readonly StoredCertificate[],
  settings: CertificateSettings,
  now: Date,
): Set<string> {
  if (!settings.issues) return new Set()
  const imported = stored.filter(
    ({ source, current }) =>
      source === 'imported' &&
      current !== null &&
      current.notAfter.getTime() - IMPORT_LEFT_MS > now.getTime(),
  )
  const isImported = (host: string): boolean =>
    imported.some((one) => one.hosts.some((name) => covers(name, host)))
  return new Set(hosts.filter((host) => isIssuable(host, settings) && !isImported(host)))
}

type Decision = { action?: CertificateAction; at?: Date }

function decide(
  one: StoredCertificate,
  wanted: ReadonlySet<string>,
  settings: CertificateSettings,
  now: Date,
): Decision {
  const { id, status, current } = one
  if (status === 'active' && current !== null && current.notAfter <= now) {
    return { action: { do: 'expire', id }, at: now }
  }
  const end = status === 'active' && current !== null ? { at: current.notAfter } : {}
  if (one.source === 'imported') return end
  if (!wanted.has(one.subject)) return settings.issues ? leftover(one, end) : end
  // What is under way is taken up again by its own work item.
  if (status === 'issuing' || status === 'renewing') return {}
  const due = dueAt(one)
  return due <= now ? { action: { do: 'start', id } } : { at: due }
}

/** A certificate that is valid may be wanted again; the others go. */
const leftover = ({ id, status }: StoredCertificate, end: Decision): Decision =>
  status === 'active' || status === 'issuing' || status === 'renewing' ? end : { action: { do: 'drop', id } }

function dueAt({ current, nextTryAt }: StoredCertificate): Date {
  const due = current === null ? new Date(0) : renewAt(current)
  return nextTryAt !== null && nextTryAt > due ? nextTryAt : due
}

const earliest = (times: readonly (Date | undefined)[]): Date | null =>
  times.reduce<Date | null>(
    (first, time) => (time !== undefined && (first === null || time < first) ? time : first),
    null,
  )

/** One certificate for each host: imported ones before our own, then the one that lasts longest. */
export function servedHosts(
  stored: readonly StoredCertificate[],
  now: Date,
): { id: string; hosts: string[] }[] {
  const valid = stored
    .filter(({ current }) => current !== null && current.notAfter > now)
    .toSorted((a, b) => rank(b) - rank(a) || a.id.localeCompare(b.id))
  const taken: string[] = []
  return valid
    .map(({ id, hosts }) => {
      const own = hosts.filter((host) => !taken.some((name) => covers(name, host)))
      taken.push(...own)
      return { id, hosts: own }
    })
    .filter(({ hosts }) => hosts.length > 0)
}

const rank = ({ source, current }: StoredCertificate): number =>
  (source === 'imported' ? Number.MAX_SAFE_INTEGER / 2 : 0) + (current?.notAfter.getTime() ?? 0)
