import { FairwayError } from '@fairway/contract/errors'
import type { HostReporter, ReportingAccount } from '../reconcile/host-reporter-port.ts'
import { callHost } from './host-call.ts'
import { listAt, numberAt, textAt } from './read-value.ts'

const PAGE = 50
/** Nobody has more comments on a pull request. */
const MOST_PAGES = 100

/** Commit statuses and comments on Gitea and Forgejo. */
export const giteaReporter: HostReporter = {
  reportStatus: async ({ account, repository, sha, mayHaveArrived, signal, ...status }) => {
    const { state, description, context, url } = status
    const at = { headers: headersOf(account), signal }
    const base = `${account.apiUrl}/repos/${repository}`
    if (mayHaveArrived) {
      const list = `${base}/commits/${sha}/statuses?sort=recentupdate&limit=${PAGE}`
      const known = listAt(await callHost({ ...at, method: 'GET', url: list }), '')
      const last = known.find((one) => textAt(one, 'context') === context)
      if (textAt(last, 'status') === state && textAt(last, 'description') === description) return
    }
    const body = { state, context, description, ...(url !== null && { target_url: url }) }
    await callHost({ ...at, method: 'POST', url: `${base}/statuses/${sha}`, body })
  },
  comment: async ({ account, repository, pullRequest, marker, body: text, signal }) => {
    const at = { headers: headersOf(account), signal }
    const base = `${account.apiUrl}/repos/${repository}/issues`
    const hidden = `<!-- ${marker} -->`
    const body = `${text}\n\n${hidden}`
    const own = await findComment({ ...at, base: `${base}/${pullRequest}/comments`, hidden })
    if (own === undefined)
      await callHost({ ...at, method: 'POST', url: `${base}/${pullRequest}/comments`, body: { body } })
    else if (own.body !== body)
      await callHost({ ...at, method: 'PATCH', url: `${base}/comments/${own.id}`, body: { body } })
  },
}

function headersOf({ credentials }: ReportingAccount): Record<string, string> {
  if (credentials.type === 'token') return { authorization: `token ${credentials.token}` }
  throw new FairwayError('host_refused', 'Gitea needs a token. Give the account one.')
}

type Search = { base: string; hidden: string; headers: Record<string, string>; signal: AbortSignal }

async function findComment({ base, hidden, headers, signal }: Search) {
  let first: number | undefined
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const url = `${base}?page=${page}&limit=${PAGE}`
    const comments = listAt(await callHost({ method: 'GET', url, headers, signal }), '')
    for (const one of comments) {
      const body = textAt(one, 'body', 200_000)
      const id = numberAt(one, 'id')
      if (id !== undefined && body?.includes(hidden)) return { id, body }
    }
    // Old servers answer everything at once, whatever the page.
    const start = numberAt(comments[0], 'id')
    if (comments.length < PAGE || start === first) return undefined
    first = start
  }
  return undefined
}
