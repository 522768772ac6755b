import { createHash } from 'node:crypto'
import { FairwayError } from '@fairway/contract/errors'
import type { Octokit } from '@octokit/rest'
import type {
  CommentReport,
  HostReporter,
  ReportingAccount,
  StatusReport,
} from '../reconcile/host-reporter-port.ts'
import { CALL_MS, noAnswer, refusal } from './host-call.ts'

/** An App's client keeps its token, which is good for an hour. */
const MOST_CLIENTS = 50

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** Statuses and comments on GitHub and GitHub Enterprise, by token or as an App. */
export function createGithubReporter(): HostReporter {
  const clients = new Map<string, Octokit>()
  const clientOf = async (account: ReportingAccount): Promise<Octokit> => {
    const key = createHash('sha256').update(JSON.stringify(account)).digest('hex')
    const client = clients.get(key) ?? (await openClient(account))
    if (clients.size >= MOST_CLIENTS) clients.clear()
    clients.set(key, client)
    return client
  }
  return {
    reportStatus: async (report) => calling(report, status(await clientOf(report.account), report)),
    comment: async (report) => calling(report, comment(await clientOf(report.account), report)),
  }
}

async function openClient({ apiUrl: baseUrl, credentials }: ReportingAccount): Promise<Octokit> {
  // Large, and needed only where something is reported.
  const [{ Octokit }, { createAppAuth }] = await Promise.all([
    import('@octokit/rest'),
    import('@octokit/auth-app'),
  ])
  const common = { baseUrl, log: quiet, request: { fetch: fetchInTime } }
  if (credentials.type === 'token') return new Octokit({ ...common, auth: credentials.token })
  const { appId, installationId, privateKey } = credentials
  return new Octokit({
    ...common,
    authStrategy: createAppAuth,
    auth: { appId, installationId, privateKey },
  })
}

const fetchInTime: typeof fetch = (input, init) =>
  fetch(input, {
    ...init,
    signal: AbortSignal.any([...(init?.signal ? [init.signal] : []), AbortSignal.timeout(CALL_MS)]),
  })

async function calling({ signal }: { signal: AbortSignal }, call: Promise<void>): Promise<void> {
  try {
    await call
  } catch (cause) {
    if (signal.aborted) throw new FairwayError('aborted', 'Telling the git host was aborted.', { cause })
    const { status, response, message } = cause as OctokitError
    // Octokit says 500 of calls that got no answer.
    if (status === undefined || response === undefined) throw noAnswer(cause)
    const { 'x-ratelimit-remaining': left, 'retry-after': retryAfter } = response.headers
    throw refusal(status, message, status === 403 && (left === '0' || retryAfter !== undefined))
  }
}

type OctokitError = {
  status?: number
  message: string
  response?: { headers: Record<string, string | undefined> }
}

function placeOf(repository: string): { owner: string; repo: string } {
  const [owner = '', repo = ''] = repository.split('/')
  return { owner, repo }
}

async function status(client: Octokit, report: StatusReport): Promise<void> {
  const { sha, state, context, description, url, signal } = report
  const place = { ...placeOf(report.repository), request: { signal } }
  if (report.mayHaveArrived) {
    const { data } = await client.repos.listCommitStatusesForRef({ ...place, ref: sha, per_page: 100 })
    const last = data.find((one) => one.context === context)
    if (last?.state === state && last.description === description) return
  }
  await client.repos.createCommitStatus({
    ...place,
    sha,
    state,
    context,
    description,
    ...(url !== null && { target_url: url }),
  })
}

async function comment(client: Octokit, report: CommentReport): Promise<void> {
  const { pullRequest, marker, signal } = report
  const place = { ...placeOf(report.repository), request: { signal } }
  const hidden = `<!-- ${marker} -->`
  const body = `${report.body}\n\n${hidden}`
  const comments = await client.paginate(client.issues.listComments, {
    ...place,
    issue_number: pullRequest,
    per_page: 100,
  })
  const own = comments.find((one) => one.body?.includes(hidden))
  if (own === undefined) await client.issues.createComment({ ...place, issue_number: pullRequest, body })
  else if (own.body !== body) await client.issues.updateComment({ ...place, comment_id: own.id, body })
}
