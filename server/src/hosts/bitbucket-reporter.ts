import { createHash } from 'node:crypto'
import { FairwayError } from '@fairway/contract/errors'
import type { HostReporter, ReportingAccount } from '../reconcile/host-reporter-port.ts'
import { callHost } from './host-call.ts'
import { isTrueAt, listAt, numberAt, textAt } from './read-value.ts'

const STATES = { pending: 'INPROGRESS', success: 'SUCCESSFUL', failure: 'FAILED', error: 'STOPPED' } as const
const LONGEST_KEY = 40
const MOST_PAGES = 100

/** Build statuses and pull request comments on Bitbucket Cloud. A status is one of its key, so that sending it again changes nothing. */
export const bitbucketReporter: HostReporter = {
  reportStatus: async ({ account, repository, sha, state, context, description, url, signal }) => {
    await callHost({
      method: 'POST',
      url: `${cloudUrl(account)}/repositories/${repository}/commit/${sha}/statuses/build`,
      headers: headersOf(account),
      body: {
        key: keyOf(context),
        name: context,
        state: STATES[state],
        description,
        // Bitbucket takes none without an address.
        url: url ?? `https://bitbucket.org/${repository}`,
      },
      signal,
    })
  },
  comment: async ({ account, repository, pullRequest, marker, body, signal }) => {
    const at = { headers: headersOf(account), signal }
    const comments = `${cloudUrl(account)}/repositories/${repository}/pullrequests/${pullRequest}/comments`
    // Bitbucket shows HTML comments; a reference to nothing it leaves out.
    const hidden = `[fairway]: # (${marker})`
    const raw = `${body}\n\n${hidden}`
    const own = await findComment({ ...at, comments, hidden })
    const content = { content: { raw } }
    if (own === undefined) await callHost({ ...at, method: 'POST', url: comments, body: content })
    else if (own.raw !== raw)
      await callHost({ ...at, method: 'PUT', url: `${comments}/${own.id}`, body: content })
  },
}

function cloudUrl({ apiUrl }: ReportingAccount): string {
  if (!apiUrl.includes('/rest/api/')) return apiUrl
  throw new FairwayError(
    'host_refused',
    'Fairway does not report to Bitbucket Data Center. Turn reporting off for this account.',
  )
}

/** Tokens of a repository or workspace are sent alone, those of a person with a name. */
function headersOf({ credentials }: ReportingAccount): Record<string, string> {
  if (credentials.type !== 'token')
    throw new FairwayError('host_refused', 'Bitbucket needs a token. Give the account one.')
  const { username, token } = credentials
  if (username === 'x-token-auth') return { authorization: `Bearer ${token}` }
  return { authorization: `Basic ${Buffer.from(`${username}:${token}`).toString('base64')}` }
}

const keyOf = (context: string): string =>
  context.length <= LONGEST_KEY
    ? context
    : `fairway-${createHash('sha256').update(context).digest('hex').slice(0, 32)}`

type Search = { comments: string; hidden: string; headers: Record<string, string>; signal: AbortSignal }

async function findComment({ comments, hidden, headers, signal }: Search) {
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const url = `${comments}?pagelen=100&page=${page}`
    const answer = await callHost({ method: 'GET', url, headers, signal })
    for (const one of listAt(answer, 'values')) {
      const raw = textAt(one, 'content.raw', 200_000)
      const id = numberAt(one, 'id')
      if (id !== undefined && raw?.includes(hidden) && !isTrueAt(one, 'deleted')) return { id, raw }
    }
    if (textAt(answer, 'next') === undefined) return undefined
  }
  return undefined
}
