import { createHash } from 'node:crypto'
import type { Port } from '@fairway/contract/resources/ports'
import {
  type CertificateWithVersion,
  deleteCertificate,
  insertCertificate,
  listCertificates,
  listServedVersions,
  listServicePorts,
  moveCertificate,
} from '../db/certificates.ts'
import type { Db, Tx } from '../db/db.ts'
import { recordEvent } from '../db/events.ts'
import { newId, schedule, withLease } from '../db/work.ts'
import type { WorkHandler } from '../db/work-loop.ts'
import { bundleOf } from '../lib/certificate-chain.ts'
import type { Clock } from '../lib/clock.ts'
import type { CrashPoints } from '../lib/crash-point.ts'
import { covers } from '../lib/host-cover.ts'
import type { Log } from '../lib/log.ts'
import type { Sealer } from '../lib/seal.ts'
import { openKey } from '../operations/certificates/keep-version.ts'
import {
  type CertificateAction,
  type CertificateSettings,
  planCertificates,
  type StoredCertificate,
  servedHosts,
} from './certificate-plan.ts'
import { publicHosts } from './public-hosts.ts'
import type { Traffic } from './traffic-port.ts'

export const tlsCrashPoints = ['tls.before-apply', 'tls.after-apply', 'tls.after-plan'] as const

export type TlsDeps = {
  db: Db
  sealer: Sealer
  clock: Clock
  crash: CrashPoints
  log: Log
  traffic: Pick<Traffic, 'tls'>
  settings: CertificateSettings & { redirect: boolean }
  /** The domain of generated names. */
  domain: string
  /** Where the gateway finds the answers to challenges: our API. Asked only where there is an authority. */
  challenge: { host: string; port: number }
  /** How often hosts and times are looked at. */
  lookEveryMs?: number
}

const LOOK_MS = 10_000
/** A gateway that lost what it was given gets it again. */
const APPLY_AGAIN_MS = 15 * 60_000

type Applied = { hash: string; at: number }

/**
 * Keeps the gateway at the certificates that are stored, and has those made that are missing or near their end. One item,
 * `TLS_ALL`.
 */
export function createTlsHandler(deps: TlsDeps): WorkHandler {
  let applied: Applied | undefined
  if (deps.traffic.tls === undefined && deps.settings.issues)
    deps.log.warn('this gateway does not serve TLS: no certificates are asked for. HAProxy does.')
  return async (item) => {
    const { db, clock, crash } = deps
    if (deps.traffic.tls === undefined) return { wakeAfterMs: null }
    const now = clock.now()
    const stored = (await listCertificates(db, 'all')).map(storedOf)
    const hosts = await hostsOf(deps)
    applied = await apply(deps, { stored, hosts, now, applied })
    const { actions } = planCertificates(hosts, stored.map(planned), deps.settings, now)
    if (actions.length > 0) await withLease(db, item, (tx) => perform(tx, actions, { stored, now }))
    crash.hit('tls.after-plan')
    return { wakeAfterMs: actions.length > 0 ? 0 : (deps.lookEveryMs ?? LOOK_MS) }
  }
}

type Stored = StoredCertificate & { version: number | null }

const storedOf = (row: CertificateWithVersion): Stored => ({
  id: row.id,
  source: row.source,
  subject: row.subject,
  hosts: row.hosts,
  status: row.status,
  version: row.version,
  nextTryAt: row.next_try_at,
  current: row.current && { notBefore: row.current.not_before, notAfter: row.current.not_after },
})

const planned = ({ version: _, ...stored }: Stored): StoredCertificate => stored

async function hostsOf({ db, domain }: TlsDeps): Promise<string[]> {
  const services = await listServicePorts(db)
  const all = services.flatMap(({ projectId, serviceId, ports }) =>
    publicHosts({ projectId, serviceId }, ports as Port[], domain).flatMap(({ hosts }) => hosts),
  )
  return [...new Set(all)].sort()
}

type Served = { stored: readonly Stored[]; hosts: readonly string[]; now: Date; applied: Applied | undefined }

async function apply(deps: TlsDeps, { stored, hosts, now, applied }: Served): Promise<Applied> {
  const { traffic, settings, crash } = deps
  // Without an authority the path belongs to the services.
  const challenge = settings.issues ? { challenge: deps.challenge } : {}
  const served = servedHosts(stored, now)
  const redirectHosts = settings.redirect ? hosts.filter((host) => isServed(served, host)) : []
  const versions = served.map(({ id }) => stored.find((one) => one.id === id)?.version)
  const hash = hashOf({ served, versions, redirectHosts, ...challenge })
  if (applied?.hash === hash && now.getTime() - applied.at < APPLY_AGAIN_MS) return applied
  const certificates = await openServed(deps, served)
  crash.hit('tls.before-apply')
  await traffic.tls?.apply({ certificates, redirectHosts, ...challenge })
  crash.hit('tls.after-apply')
  return { hash, at: now.getTime() }
}

type Names = { id: string; hosts: string[] }

const isServed = (served: readonly Names[], host: string): boolean =>
  served.some(({ hosts }) => hosts.some((name) => covers(name, host)))

const hashOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex')

async function openServed({ db, sealer }: TlsDeps, served: readonly Names[]) {
  const versions = await listServedVersions(
    db,
    served.map(({ id }) => id),
  )
  return served.flatMap(({ id, hosts }) => {
    const version = versions.find(({ certificate_id }) => certificate_id === id)
    if (version === undefined) return []
    return [{ name: id, hosts, pem: bundleOf(version.chain, openKey(sealer, id, version.key)) }]
  })
}

type Seen = { stored: readonly Stored[]; now: Date }

async function perform(tx: Tx, actions: readonly CertificateAction[], seen: Seen): Promise<void> {
  for (const action of actions) await performOne(tx, action, seen)
}

function performOne(tx: Tx, action: CertificateAction, seen: Seen): Promise<void> {
  switch (action.do) {
    case 'add':
      return add(tx, action.host)
    case 'start':
      return start(tx, action.id, seen)
    case 'expire':
      return expire(tx, action.id, seen)
    case 'drop':
      return deleteCertificate(tx, action.id)
  }
}

async function add(tx: Tx, host: string): Promise<void> {
  await insertCertificate(tx, { id: newId(), source: 'acme', subject: host, hosts: [host] })
}

async function start(tx: Tx, id: string, { stored, now }: Seen): Promise<void> {
  const isServed = stored.some((one) => one.id === id && one.current !== null)
  await moveCertificate(tx, id, isServed ? 'renewing' : 'issuing', { started_at: now })
  await schedule(tx, 'certificate', id)
}

async function expire(tx: Tx, id: string, { stored }: Seen): Promise<void> {
  await moveCertificate(tx, id, 'expired')
  const subject = stored.find((one) => one.id === id)?.subject ?? id
  await recordEvent(tx, { topic: 'certificate', subject, type: 'certificate.expired' })
}
