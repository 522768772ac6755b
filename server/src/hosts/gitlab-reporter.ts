import { FairwayError } from '@fairway/contract/errors'
import type { Gitlab } from '@gitbeaker/rest'
import type {
  CommentReport,
  HostReporter,
  ReportingAccount,
  StatusReport,
} from '../reconcile/host-reporter-port.ts'
import { CALL_MS, noAnswer, refusal } from './host-call.ts'

type Client = InstanceType<typeof Gitlab<false>>

const STATES = { pending: 'pending', success: 'success', failure: 'failed', error: 'failed' } as const

/** Commit statuses and merge request notes on GitLab. */
export const gitlabReporter: HostReporter = {
  reportStatus: async (report) => calling(report, status(await openClient(report.account), report)),
  comment: async (report) => calling(report, comment(await openClient(report.account), report)),
}

async function openClient({ apiUrl, credentials }: ReportingAccount): Promise<Client> {
  if (credentials.type !== 'token')
    throw new FairwayError('host_refused', 'GitLab needs a token. Give the account one.')
  const { Gitlab } = await import('@gitbeaker/rest')
  return new Gitlab({
    // The client adds the rest itself.
    host: apiUrl.replace(/\/api\/v4$/, ''),
    token: credentials.token,
    queryTimeout: CALL_MS,
  })
}

async function calling({ signal }: { signal: AbortSignal }, call: Promise<void>): Promise<void> {
  try {
    await call
  } catch (cause) {
    if (signal.aborted) throw new FairwayError('aborted', 'Telling the git host was aborted.', { cause })
    const { response, description } = (cause as { cause?: GitlabAnswer }).cause ?? {}
    if (response === undefined) throw noAnswer(cause)
    throw refusal(response.status, description ?? '')
  }
}

type GitlabAnswer = { response?: { status: number }; description?: string }

async function status(client: Client, report: StatusReport): Promise<void> {
  const { repository, sha, context, description, url } = report
  const state = STATES[report.state]
  if (report.mayHaveArrived) {
    const all = await client.Commits.allStatuses(repository, sha, { name: context, all: true })
    const last = all.toSorted((a, b) => b.id - a.id)[0]
    // GitLab refuses to move a status to the state that it has.
    if (last?.status === state && last.description === description) return
  }
  await client.Commits.editStatus(repository, sha, state, {
    name: context,
    description,
    ...(url !== null && { targetUrl: url }),
  })
}

async function comment(client: Client, report: CommentReport): Promise<void> {
  const { repository, pullRequest, marker } = report
  const hidden = `<!-- ${marker} -->`
  const body = `${report.body}\n\n${hidden}`
  const notes = await client.MergeRequestNotes.all(repository, pullRequest, {
    sort: 'asc',
    orderBy: 'created_at',
    perPage: 100,
  })
  const own = notes.find((one) => one.body.includes(hidden))
  if (own === undefined) await client.MergeRequestNotes.create(repository, pullRequest, body)
  else if (own.body !== body) await client.MergeRequestNotes.edit(repository, pullRequest, own.id, { body })
}
