import { randomBytes } from 'node:crypto'
import { FairwayError } from '@fairway/contract/errors'
import { findAcmeAccount, keepAcmeAccount, keepChallenge, setAcmeAccountUrl } from '../db/acme.ts'
import { type CertificateRow, findCertificate, updateCertificate } from '../db/certificates.ts'
import type { Db } from '../db/db.ts'
import { type WorkItem, withLease } from '../db/work.ts'
import type { WorkHandler } from '../db/work-loop.ts'
import type { Clock } from '../lib/clock.ts'
import type { CrashPoints } from '../lib/crash-point.ts'
import { covers } from '../lib/host-cover.ts'
import type { Log } from '../lib/log.ts'
import type { Sealer } from '../lib/seal.ts'
import { checkPair, openKey, sealKey } from '../operations/certificates/keep-version.ts'
import type { AcmeAuthority, AcmeChallenge, AcmeSession } from './acme-port.ts'
import { noteFailure, noteIssued } from './certificate-endings.ts'
import { probeChallenge } from './challenge-probe.ts'
import type { Traffic } from './traffic-port.ts'

export const certificateCrashPoints = [
  'certificate.after-account-key',
  'certificate.after-register',
  'certificate.after-key',
  'certificate.after-probe',
  'certificate.after-order',
  'certificate.after-order-kept',
  'certificate.after-challenge',
  'certificate.after-answer',
  'certificate.after-finalize',
  'certificate.after-download',
  'certificate.after-issued',
] as const

export type CertificateDeps = {
  db: Db
  sealer: Sealer
  clock: Clock
  crash: CrashPoints
  log: Log
  /** Absent: nobody to ask. */
  authority: AcmeAuthority | undefined
  traffic: Pick<Traffic, 'publicUrl'>
  /** How long an attempt may take. */
  patienceMs?: number
}

const PATIENCE_MS = 90_000
/** A gateway that starts or reloads just now will find the proof in a moment. */
const PROBE_PATIENCE_MS = 10_000
const RESTS = { wakeAfterMs: null }
const AT_ONCE = { wakeAfterMs: 0 }
/** Authorities take a second or two for each step. */
const LOOK_AGAIN = { wakeAfterMs: 700 }

type Woken = { wakeAfterMs: number | null }
type Attempt = {
  deps: CertificateDeps
  authority: AcmeAuthority
  item: WorkItem
  row: CertificateRow
  signal: AbortSignal
}

/**
 * Carries an attempt to get a certificate one step further each time, from what is stored and what the authority says of
 * the order: it may be broken off anywhere and goes on with the same order and key. Key: the certificate's id.
 */
export function createCertificateHandler(deps: CertificateDeps): WorkHandler {
  return async (item, signal) => {
    const row = await findCertificate(deps.db, item.key)
    const { authority } = deps
    if (row === undefined || (row.status !== 'issuing' && row.status !== 'renewing')) return RESTS
    try {
      if (authority === undefined) throw failed('No certificate authority is configured any more')
      return await goOn({ deps, authority, item, row, signal })
    } catch (error) {
      if (!(error instanceof FairwayError) || error.code !== 'certificate_failed') throw error
      return end(deps, item, row, error)
    }
  }
}

async function end(
  deps: CertificateDeps,
  item: WorkItem,
  row: CertificateRow,
  error: FairwayError,
): Promise<Woken> {
  if (isPassing(error, row) && !isLate(deps, row)) return LOOK_AGAIN
  await noteFailure(deps, item, row, error)
  const directory = deps.authority?.directory
  if (directory !== undefined && error.data.problem === 'accountDoesNotExist')
    await withLease(deps.db, item, (tx) => setAcmeAccountUrl(tx, directory, null))
  return RESTS
}

/**
 * An order that was placed is not given up for a moment without the authority: it may be done. Nor is anything for a
 * failure of the authority's own, unless it says when it wants to be asked again.
 */
function isPassing({ data: { problem, retryAfterMs } }: FairwayError, row: CertificateRow): boolean {
  if (problem === 'unreachable') return row.order_url !== null
  return retryAfterMs === undefined && /^(serverInternal|5\d\d)$/.test(String(problem))
}

const failed = (sentence: string): FairwayError => new FairwayError('certificate_failed', `${sentence}.`)

async function goOn(attempt: Attempt): Promise<Woken> {
  const { deps, item, row } = attempt
  const late = isLate(deps, row)
  const session = await openSession(attempt)
  if (row.order_key === null) return begin(attempt)
  if (row.order_url === null) return placeOrder(attempt, session)
  const order = await session.look(row.order_url)
  switch (order?.status) {
    case undefined:
      if (late) throw failed(whyLate(attempt, null))
      await withLease(deps.db, item, (tx) => updateCertificate(tx, row.id, { order_url: null }))
      return AT_ONCE
    case 'invalid':
      throw failed(`The certificate authority could not prove ${row.subject}: ${sentence(order.reason)}`)
    case 'valid':
      return store(attempt, session, row.order_url)
    case 'ready':
      await session.finalize(row.order_url, { hosts: row.hosts, key: keyOf(attempt) })
      deps.crash.hit('certificate.after-finalize')
      return LOOK_AGAIN
    default:
      if (late) throw failed(whyLate(attempt, order?.status === 'pending' ? order.trouble : null))
      if (order?.status === 'pending') await prove(attempt, session, order)
      return LOOK_AGAIN
  }
}

const sentence = (text: string): string => text.replace(/[.\s]+$/, '')

const patienceOf = ({ patienceMs = PATIENCE_MS }: CertificateDeps): number => patienceMs

const isLate = (deps: CertificateDeps, { started_at }: CertificateRow, patienceMs = Infinity): boolean =>
  deps.clock.now().getTime() - (started_at?.getTime() ?? 0) > Math.min(patienceMs, patienceOf(deps))

function whyLate(attempt: Attempt, trouble: string | null): string {
  const { subject } = attempt.row
  if (trouble === null)
    return `The certificate authority did not finish within ${Math.round(patienceOf(attempt.deps) / 1000)} seconds`
  return (
    `The certificate authority could not prove ${subject}: ${sentence(trouble)}. ` +
    `Check that ${subject} leads to this machine and that port 80 is the gateway's`
  )
}

const keyOf = ({ deps, row }: Attempt): string => {
  if (row.order_key === null) throw new Error('this order has no key')
  return openKey(deps.sealer, row.id, row.order_key)
}

const accountContext = (directory: string): string => `acme-account/${directory}`

/** The account's key is stored before the authority hears of it: one account, however often this is broken off. */
async function openSession({ deps, authority, item }: Attempt): Promise<AcmeSession> {
  const { db, sealer, crash } = deps
  const { directory } = authority
  if ((await findAcmeAccount(db, directory)) === undefined) {
    const key = sealer.seal(Buffer.from(await authority.newKey()), accountContext(directory))
    await withLease(db, item, (tx) => keepAcmeAccount(tx, { directory, key }))
    crash.hit('certificate.after-account-key')
  }
  const account = await findAcmeAccount(db, directory)
  if (account === undefined) throw new Error('the account at the authority is gone')
  const key = sealer.open(account.key, accountContext(directory)).toString()
  const session = await authority.open({ key, url: account.url })
  if (account.url === null) {
    crash.hit('certificate.after-register')
    await withLease(db, item, (tx) => setAcmeAccountUrl(tx, directory, session.accountUrl))
  }
  return session
}

/** Makes the key, and looks whether a proof would be found, before the authority is asked. */
async function begin({ deps, authority, item, row, signal }: Attempt): Promise<Woken> {
  const { db, crash, sealer } = deps
  const token = `fairway-${randomBytes(18).toString('base64url')}`
  const answer = `${token}.${randomBytes(18).toString('base64url')}`
  await withLease(db, item, (tx) =>
    keepChallenge(tx, { token, answer, host: row.subject, certificate_id: row.id }),
  )
  const trouble = await probeChallenge(deps.traffic.publicUrl(), { host: row.subject, token, answer }, signal)
  if (trouble !== undefined) {
    if (!isLate(deps, row, PROBE_PATIENCE_MS)) return LOOK_AGAIN
    throw failed(`The authority was not asked, because ${trouble}. Check the gateway and FAIRWAY_HOST`)
  }
  crash.hit('certificate.after-probe')
  const key = sealKey(sealer, row.id, await authority.newKey())
  await withLease(db, item, (tx) => updateCertificate(tx, row.id, { order_key: key }))
  crash.hit('certificate.after-key')
  return AT_ONCE
}

async function placeOrder({ deps, item, row }: Attempt, session: AcmeSession): Promise<Woken> {
  const url = await session.begin(row.hosts)
  deps.crash.hit('certificate.after-order')
  await withLease(deps.db, item, (tx) => updateCertificate(tx, row.id, { order_url: url }))
  deps.crash.hit('certificate.after-order-kept')
  return AT_ONCE
}

type Proofs = { challenges: readonly AcmeChallenge[]; open: readonly AcmeChallenge[] }

async function prove(
  { deps, item, row }: Attempt,
  session: AcmeSession,
  { challenges, open }: Proofs,
): Promise<void> {
  await withLease(deps.db, item, async (tx) => {
    for (const { token, answer, host } of challenges)
      await keepChallenge(tx, { token, answer, host, certificate_id: row.id })
  })
  deps.crash.hit('certificate.after-challenge')
  for (const challenge of open) await session.answer(challenge)
  deps.crash.hit('certificate.after-answer')
}

async function store(attempt: Attempt, session: AcmeSession, order: string): Promise<Woken> {
  const { deps, item, row } = attempt
  const pair = { chain: await session.download(order), key: keyOf(attempt) }
  const facts = checkPair(pair)
  const missing = row.hosts.filter((host) => !facts.hosts.some((name) => covers(name, host)))
  if (missing.length > 0) throw failed(`The certificate that came is not for ${missing.join(', ')}`)
  deps.crash.hit('certificate.after-download')
  await noteIssued(deps, item, { row, pair, facts })
  deps.crash.hit('certificate.after-issued')
  return RESTS
}
