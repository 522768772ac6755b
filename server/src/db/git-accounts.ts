import { FairwayError, notFound } from '@fairway/contract/errors'
import type { GitReporting } from '@fairway/contract/resources/git-account'
import type { GitHostName } from '@fairway/contract/resources/trigger-event'
import { sql } from 'kysely'
import { type Db, type Tx, toJson } from './db.ts'

export type GitAccountAuth = 'none' | 'token' | 'deploy-key' | 'github-app'

export type GitAccountSpec = { username?: string; appId?: string; installationId?: string }

export type GitAccountRow = {
  id: string
  name: string
  host: GitHostName
  base_url: string
  auth: GitAccountAuth
  spec: GitAccountSpec
  secret: Buffer | null
  webhook_id: string
  webhook_secret: Buffer
  reporting: GitReporting
  api_url: string | null
  /** Host keys of ssh servers; null: none was met. */
  known_hosts: string | null
  last_delivery_at: Date | null
  created_at: Date
  updated_at: Date
}

const columns = [
  'id',
  'name',
  'host',
  'base_url',
  'auth',
  'spec',
  'secret',
  'webhook_id',
  'webhook_secret',
  'reporting',
  'api_url',
  'known_hosts',
  'last_delivery_at',
  'created_at',
  'updated_at',
] as const

const select = (db: Db) => db.selectFrom('git_account').select(columns)

export const listGitAccounts = async (db: Db): Promise<GitAccountRow[]> =>
  (await select(db).orderBy('id').execute()) as GitAccountRow[]

export const findGitAccount = async (db: Db, id: string): Promise<GitAccountRow | undefined> =>
  (await select(db).where('id', '=', id).executeTakeFirst()) as GitAccountRow | undefined

export async function lockGitAccount(tx: Tx, id: string): Promise<GitAccountRow> {
  const row = await select(tx).where('id', '=', id).forUpdate().executeTakeFirst()
  if (row === undefined) throw notFound('git account', id)
  return row as GitAccountRow
}

export const findGitAccountByWebhook = async (
  db: Db,
  webhookId: string,
): Promise<GitAccountRow | undefined> =>
  (await select(db).where('webhook_id', '=', webhookId).executeTakeFirst()) as GitAccountRow | undefined

export type NewGitAccount = Omit<GitAccountRow, 'last_delivery_at' | 'created_at' | 'updated_at'>

/** False: there is an account of this id. */
export async function insertGitAccount(tx: Tx, account: NewGitAccount): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('git_account')
    .values({ ...account, spec: toJson(account.spec), reporting: toJson(account.reporting) })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

export async function updateGitAccount(
  tx: Tx,
  id: string,
  change: Partial<Omit<NewGitAccount, 'id' | 'name' | 'host' | 'webhook_id'>>,
): Promise<void> {
  await tx
    .updateTable('git_account')
    .set({
      ...change,
      ...(change.spec !== undefined && { spec: toJson(change.spec) }),
      ...(change.reporting !== undefined && { reporting: toJson(change.reporting) }),
      updated_at: sql<Date>`now()`,
    })
    .where('id', '=', id)
    .execute()
}

export async function deleteGitAccount(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('git_account').where('id', '=', id).execute()
}

/**
 * Keeps host keys of ssh servers that were met for the first time. Raises `repository_unreachable` when another key was kept
 * meanwhile: one of the two servers is not the right one.
 */
export async function addKnownHosts(tx: Tx, id: string, lines: string): Promise<void> {
  const known = linesOf((await lockGitAccount(tx, id)).known_hosts ?? '')
  const names = new Set(known.map((line) => line.split(' ')[0]))
  const added = linesOf(lines).filter((line) => !known.includes(line))
  if (added.some((line) => names.has(line.split(' ')[0])))
    throw new FairwayError(
      'repository_unreachable',
      'Two first connections to the ssh server met different host keys. Set knownHosts of the git account.',
    )
  if (added.length > 0)
    await updateGitAccount(tx, id, { known_hosts: `${[...known, ...added].join('\n')}\n` })
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '')

/** Remembers that deliveries arrive; written at most once a minute, as many may come at once. */
export async function noteDelivery(tx: Tx, id: string, keys: readonly string[]): Promise<void> {
  await sql`
    with account as (
      update git_account set last_delivery_at = now()
       where id = ${id} and (last_delivery_at is null or last_delivery_at < now() - interval '1 minute'))
    update git_repository set webhook_at = now()
     where key = any(${sql.val(keys)}::text[])
       and (webhook_at is null or webhook_at < now() - interval '1 minute')`.execute(tx)
}

/** The accounts that services, jobs and linked documents of a repository name. */
export async function accountNamesOf(db: Db, url: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select distinct coalesce(vcs ->> 'vcsLinkId', vcs ->> 'accountLogin') as name
      from (select spec -> 'vcsData' as vcs, spec #>> '{vcsData,projectUrl}' as url from service
            union all select spec -> 'vcsData', spec #>> '{vcsData,projectUrl}' from job
            union all select settings, settings ->> 'repoUrl' from gitops_link) owners
     where repository_key(url) = repository_key(${url})`.execute(db)
  return rows.flatMap(({ name }) => name ?? [])
}
