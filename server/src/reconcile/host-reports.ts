import { FairwayError } from '@fairway/contract/errors'
import type { Db } from '../db/db.ts'
import { findGitAccount } from '../db/git-accounts.ts'
import {
  beginAttempt,
  deliveryKey,
  findReport,
  type HostReportRow,
  noteSent,
  noteTrouble,
  wantReport,
} from '../db/host-reports.ts'
import { type WorkItem, withLease } from '../db/work.ts'
import type { WorkHandler } from '../db/work-loop.ts'
import type { CrashPoints } from '../lib/crash-point.ts'
import type { Log } from '../lib/log.ts'
import type { Sealer } from '../lib/seal.ts'
import { apiOf, openGitAccount } from '../operations/git-accounts/open.ts'
import type { HostReporter, ReportingAccount } from './host-reporter-port.ts'
import { markerOf, reportsOf } from './report-plan.ts'

export const hostReportCrashPoints = [
  'host-report.before-plan-commit',
  'host-report.after-plan',
  'host-report.before-call',
  'host-report.after-call',
  'host-report.after-record',
] as const

export type HostReportDeps = {
  db: Db
  sealer: Sealer
  reporter: HostReporter
  /** Where people reach the pages of Fairway; undefined: statuses carry no link. */
  publicUrl: string | undefined
  crash: CrashPoints
  log: Log
}

type Next = { wakeAfterMs: number | null }
const RESTS: Next = { wakeAfterMs: null }

/** An answer of "no" may be the host being behind; after so many it is believed. */
const MOST_REFUSALS = 3
/** With the back-off, a host that is away is tried for a day. */
const MOST_ATTEMPTS = 100
const FIRST_RETRY_MS = 2000
const LONGEST_RETRY_MS = 15 * 60_000

export const retryMs = (attempts: number): number =>
  Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempts - 1, 20), LONGEST_RETRY_MS)

/**
 * Tells git hosts what became of builds, releases and pull requests. The key of a subject (`build/shop/x`) has what shall
 * stand at the host written down; the key of a report (`send/id`) brings it there. What was tried and not confirmed is
 * looked for before it is sent again, so that nothing stands there twice however often this is interrupted.
 */
export function createHostReportHandler(deps: HostReportDeps): WorkHandler {
  return async (item, signal) => {
    if (item.key.startsWith(deliveryKey(''))) return deliver(deps, item, signal)
    await plan(deps, item)
    return RESTS
  }
}

async function plan({ db, crash, publicUrl }: HostReportDeps, item: WorkItem): Promise<void> {
  await withLease(db, item, async (tx) => {
    for (const report of await reportsOf(tx, item.key, publicUrl)) await wantReport(tx, report)
    crash.hit('host-report.before-plan-commit')
  })
  crash.hit('host-report.after-plan')
}

async function deliver(deps: HostReportDeps, item: WorkItem, signal: AbortSignal): Promise<Next> {
  const { db, sealer, crash } = deps
  const id = item.key.slice(deliveryKey('').length)
  const begun = await withLease(db, item, async (tx) => {
    const report = await findReport(tx, id)
    if (report?.status !== 'pending') return undefined
    await beginAttempt(tx, id)
    return { ...report, attempts: report.attempts + 1 }
  })
  const row = begun && (await findGitAccount(db, begun.account_id))
  if (begun === undefined || row === undefined) return RESTS
  try {
    const credentials = openGitAccount({ db, sealer }, row)
    if (
      credentials === undefined ||
      credentials.type === 'deploy-key' ||
      !row.reporting[SWITCHES[begun.kind]]
    )
      throw new FairwayError('host_refused', 'The account may not write to its host, or reporting is off.')
    crash.hit('host-report.before-call')
    const account = { host: row.host, apiUrl: apiOf(row), credentials }
    await tell(deps.reporter, { report: begun, account, marker: markerOf(row, begun), signal })
  } catch (error) {
    return trouble(deps, item, { report: begun, error, signal })
  }
  crash.hit('host-report.after-call')
  await withLease(db, item, (tx) => noteSent(tx, id, begun.wanted))
  crash.hit('host-report.after-record')
  return RESTS
}

const SWITCHES = { status: 'statuses', comment: 'comments' } as const

type Telling = { report: HostReportRow; account: ReportingAccount; marker: string; signal: AbortSignal }

function tell(reporter: HostReporter, { report, account, marker, signal }: Telling): Promise<void> {
  const { repository, target, context } = report
  // What was tried stays noted until the host has confirmed or refused it.
  const call = { account, repository, mayHaveArrived: isEqual(report.trying, report.wanted), signal }
  if (report.kind === 'status')
    return reporter.reportStatus({ ...call, ...report.wanted, sha: target, context })
  return reporter.comment({ ...call, pullRequest: Number(target), marker, body: report.wanted.body })
}

/** Both come from a jsonb column, which keeps keys in one order. */
const isEqual = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

type Trouble = { report: HostReportRow; error: unknown; signal: AbortSignal }

async function trouble(
  { db, log }: HostReportDeps,
  item: WorkItem,
  { report, error, signal }: Trouble,
): Promise<Next> {
  if (!(error instanceof FairwayError) || error.code === 'lease_lost' || signal.aborted) throw error
  const { id, attempts } = report
  const isRefused = error.code === 'host_refused'
  const final = isRefused ? attempts >= MOST_REFUSALS : attempts >= MOST_ATTEMPTS
  if (attempts === 1)
    log.warn({ report: id, account: report.account_id, err: error }, 'a git host was not told')
  await withLease(db, item, (tx) =>
    noteTrouble(tx, id, { error: error.message, arrived: isRefused ? 'no' : 'maybe', final }),
  )
  return final ? RESTS : { wakeAfterMs: retryMs(attempts) }
}
