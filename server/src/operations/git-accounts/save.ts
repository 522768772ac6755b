import { randomBytes } from 'node:crypto'
import { FairwayError, notFound } from '@fairway/contract/errors'
import { slugOf } from '@fairway/contract/names'
import {
  DEFAULT_HOST_URLS,
  DEFAULT_REPORTING,
  type GitAccountBody,
  type GitAccountPatch,
  type GitAuth,
  type GitReporting,
} from '@fairway/contract/resources/git-account'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import {
  deleteGitAccount,
  findGitAccount,
  type GitAccountRow,
  insertGitAccount,
  lockGitAccount,
  updateGitAccount,
} from '../../db/git-accounts.ts'
import { reopenReports } from '../../db/host-reports.ts'
import type { Sealer } from '../../lib/seal.ts'
import { authContext, webhookContext } from './open.ts'

type Deps = { sealer: Sealer; actor: string }

/** Adds an account and its webhook. The webhook's secret is answered here and never again. */
export async function createGitAccount(
  tx: Tx,
  body: GitAccountBody,
  { sealer, actor }: Deps,
): Promise<{ account: GitAccountRow; webhookSecret: string }> {
  const id = slugOf(body.name)
  const webhookSecret = body.webhookSecret ?? randomBytes(32).toString('hex')
  const added = await insertGitAccount(tx, {
    id,
    name: body.name,
    host: body.host,
    base_url: body.baseUrl ?? DEFAULT_HOST_URLS[body.host as keyof typeof DEFAULT_HOST_URLS],
    ...storedAuth(sealer, id, body.auth),
    webhook_id: randomBytes(12).toString('hex'),
    webhook_secret: sealText(sealer, webhookSecret, webhookContext(id)),
    reporting: reportingOf(DEFAULT_REPORTING, body.reporting),
    api_url: body.apiUrl ?? null,
    known_hosts: body.knownHosts || null,
  })
  if (!added) {
    throw new FairwayError('name_taken', `There is a git account "${id}" already. Choose another name.`)
  }
  await audit(tx, { id, actor, type: 'git-account.created' })
  return { account: await required(tx, id), webhookSecret }
}

/** Replaces what the patch names. What the host did not take so far is told it again. */
export async function changeGitAccount(
  tx: Tx,
  id: string,
  patch: GitAccountPatch,
  { sealer, actor }: Deps,
): Promise<GitAccountRow> {
  const { host, reporting } = await lockGitAccount(tx, id)
  if (patch.auth?.type === 'github-app' && host !== 'github')
    throw new FairwayError('invalid_request', 'auth.type: github-app is for the host github.')
  await updateGitAccount(tx, id, {
    ...(patch.auth !== undefined && storedAuth(sealer, id, patch.auth)),
    ...(patch.webhookSecret !== undefined && {
      webhook_secret: sealText(sealer, patch.webhookSecret, webhookContext(id)),
    }),
    ...(patch.reporting !== undefined && { reporting: reportingOf(reporting, patch.reporting) }),
    ...(patch.apiUrl !== undefined && { api_url: patch.apiUrl }),
    ...(patch.knownHosts !== undefined && { known_hosts: patch.knownHosts || null }),
  })
  await reopenReports(tx, id)
  await audit(tx, { id, actor, type: 'git-account.changed' })
  return required(tx, id)
}

/** Removes an account. Deliveries to its webhook are answered with 404 from now on; the ledger stays. */
export async function removeGitAccount(tx: Tx, id: string, actor: string): Promise<void> {
  await lockGitAccount(tx, id)
  await deleteGitAccount(tx, id)
  await audit(tx, { id, actor, type: 'git-account.deleted' })
}

const reportingOf = (
  before: GitReporting,
  { statuses = before.statuses, comments = before.comments }: GitAccountPatch['reporting'] = {},
): GitReporting => ({ statuses, comments })

function storedAuth(
  sealer: Sealer,
  id: string,
  auth: GitAuth,
): Pick<GitAccountRow, 'auth' | 'spec' | 'secret'> {
  const seal = (text: string): Buffer => {
    sealer.announce(text)
    return sealText(sealer, text, authContext(id))
  }
  switch (auth.type) {
    case 'none':
      return { auth: 'none', spec: {}, secret: null }
    case 'token':
      return {
        auth: 'token',
        spec: auth.username === undefined ? {} : { username: auth.username },
        secret: seal(auth.token),
      }
    case 'deploy-key':
      return { auth: 'deploy-key', spec: {}, secret: seal(auth.privateKey) }
    case 'github-app': {
      const { appId, installationId } = auth
      return { auth: 'github-app', spec: { appId, installationId }, secret: seal(auth.privateKey) }
    }
  }
}

const sealText = (sealer: Sealer, text: string, context: string): Buffer =>
  sealer.seal(Buffer.from(text), context)

async function required(tx: Tx, id: string): Promise<GitAccountRow> {
  const account = await findGitAccount(tx, id)
  if (account === undefined) throw notFound('git account', id)
  return account
}

const audit = (tx: Tx, { id, actor, type }: { id: string; actor: string; type: string }): Promise<void> =>
  recordEvent(tx, { topic: 'audit', subject: `git-account/${id}`, type, actor })
