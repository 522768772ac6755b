import { apiUrlOf, type GitCredentials } from '@fairway/contract/resources/git-account'
import { type Db, transaction } from '../../db/db.ts'
import { accountNamesOf, addKnownHosts, type GitAccountRow, listGitAccounts } from '../../db/git-accounts.ts'
import type { Sealer } from '../../lib/seal.ts'

export const authContext = (id: string): string => `git-account/${id}`
export const webhookContext = (id: string): string => `git-account/${id}/webhook`

/** What GitHub, GitLab, Bitbucket and Gitea take as a user beside a token. */
const TOKEN_USERS = {
  github: 'x-access-token',
  gitlab: 'oauth2',
  bitbucket: 'x-token-auth',
  gitea: 'oauth2',
  generic: 'git',
} as const

export const openWebhookSecret = (sealer: Sealer, account: GitAccountRow): string =>
  sealer.open(account.webhook_secret, webhookContext(account.id)).toString()

export type OpenAccount = { db: Db; sealer: Sealer }

/** The account's credentials; undefined when it has none. Announces them to the masker. */
export function openGitAccount(
  { db, sealer }: OpenAccount,
  account: GitAccountRow,
): GitCredentials | undefined {
  const { id, auth, spec, secret, base_url: baseUrl } = account
  if (secret === null || auth === 'none') return undefined
  const text = sealer.open(secret, authContext(id)).toString()
  sealer.announce(text)
  if (auth === 'token')
    return { type: 'token', baseUrl, username: spec.username ?? TOKEN_USERS[account.host], token: text }
  if (auth === 'deploy-key')
    return {
      type: 'deploy-key',
      baseUrl,
      privateKey: text,
      knownHosts: account.known_hosts ?? '',
      remember: (lines) => transaction(db, (tx) => addKnownHosts(tx, id, lines)),
    }
  const { appId = '', installationId = '' } = spec
  return { type: 'github-app', baseUrl, apiUrl: apiOf(account), appId, installationId, privateKey: text }
}

export const apiOf = ({ host, base_url: baseUrl, api_url: apiUrl }: GitAccountRow): string =>
  apiUrlOf({ host, baseUrl, apiUrl })

/**
 * What to sign in with to read a repository: the account that a service or job of it names by `vcsLinkId` or
 * `accountLogin`, else the first with credentials for the repository's host. Never one of another host, so that no
 * credential reaches a server it is not for. Undefined: as nobody.
 */
export async function credentialsFor(
  db: Db,
  sealer: Sealer,
  url: string,
): Promise<GitCredentials | undefined> {
  const account = await chooseAccount(db, url, ({ auth }) => auth !== 'none')
  return account && openGitAccount({ db, sealer }, account)
}

/** Whose account says at the host what became of a repository's commits; undefined when none may. */
export const reportingAccountFor = (db: Db, url: string): Promise<GitAccountRow | undefined> =>
  chooseAccount(
    db,
    url,
    ({ auth, host, reporting }) =>
      (auth === 'token' || auth === 'github-app') &&
      host !== 'generic' &&
      (reporting.statuses || reporting.comments),
  )

async function chooseAccount(
  db: Db,
  url: string,
  fits: (account: GitAccountRow) => boolean,
): Promise<GitAccountRow | undefined> {
  const host = hostOf(url)
  if (host === undefined) return undefined
  const usable = (await listGitAccounts(db)).filter(
    (account) => fits(account) && hostOf(account.base_url) === host,
  )
  const named = usable.length > 1 ? await accountNamesOf(db, url) : []
  return usable.find(({ id, name }) => named.includes(id) || named.includes(name)) ?? usable[0]
}

/** The name of the host a repository lies on, without user and port; undefined for a path or file URL. */
export function hostOf(url: string): string | undefined {
  const match =
    /^[a-z0-9+]+:\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^/:]+)/i.exec(url) ?? /^[^@/\s]+@([^:/\s]+):/.exec(url)
  return match?.[1]?.toLowerCase()
}

/** `owner/name` of a repository at its host; undefined when the URL holds no path. */
export function repositoryOf(url: string): string | undefined {
  const match = /^[a-z0-9+]+:\/\/[^/]+\/+(.+)$/i.exec(url) ?? /^[^@/\s]+@[^:/\s]+:\/*(.+)$/.exec(url)
  return match?.[1]?.replace(/\/+$/, '').replace(/\.git$/, '')
}
