import { notFound } from '@fairway/contract/errors'
import * as contract from '@fairway/contract/routes/git-account'
import { transaction } from '../../db/db.ts'
import { findGitAccount, type GitAccountRow, listGitAccounts } from '../../db/git-accounts.ts'
import { type HostReportRow, listReports } from '../../db/host-reports.ts'
import { apiOf } from '../../operations/git-accounts/open.ts'
import { changeGitAccount, createGitAccount, removeGitAccount } from '../../operations/git-accounts/save.ts'
import { pageOf, pageOfAll } from '../page.ts'
import { defineRoute } from '../route.ts'

const viewOf = (account: GitAccountRow): contract.GitAccountView => ({
  id: account.id,
  name: account.name,
  host: account.host,
  baseUrl: account.base_url,
  auth: { type: account.auth, ...account.spec },
  apiUrl: apiOf(account),
  reporting: account.reporting,
  knownHosts: account.known_hosts,
  webhook: {
    id: account.webhook_id,
    path: `/v1/webhooks/git/${account.webhook_id}`,
    lastDeliveryAt: account.last_delivery_at?.toISOString() ?? null,
  },
  createdAt: account.created_at.toISOString(),
  updatedAt: account.updated_at.toISOString(),
})

const reportViewOf = (row: HostReportRow): contract.HostReportView => {
  return {
    id: row.id,
    kind: row.kind,
    repository: row.repository,
    sha: row.kind === 'status' ? row.target : null,
    pullRequestId: row.kind === 'status' ? null : Number(row.target),
    context: row.context,
    projectId: row.project_id,
    subject: { kind: row.subject_kind, id: row.subject_id },
    state: row.kind === 'status' ? row.wanted.state : null,
    text: row.kind === 'status' ? row.wanted.description : row.wanted.body,
    url: row.kind === 'status' ? row.wanted.url : null,
    status: row.status,
    attempts: row.attempts,
    error: row.error,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    sentAt: row.sent_at?.toISOString() ?? null,
  }
}

export const gitAccountRoutes = [
  defineRoute(contract.listGitAccounts, async ({ page }, { db }) =>
    pageOfAll(await listGitAccounts(db), page, (accounts) => ({ accounts: accounts.map(viewOf) })),
  ),

  defineRoute(contract.createGitAccount, async ({ body, actor }, { db, sealer }) => {
    const { account, webhookSecret } = await transaction(db, (tx) =>
      createGitAccount(tx, body, { sealer, actor: actor.id }),
    )
    return { ...viewOf(account), webhookSecret }
  }),

  defineRoute(contract.getGitAccount, async ({ params: { accountId } }, { db }) => {
    const account = await findGitAccount(db, accountId)
    if (account === undefined) throw notFound('git account', accountId)
    return viewOf(account)
  }),

  defineRoute(contract.patchGitAccount, async ({ params: { accountId }, body, actor }, { db, sealer }) =>
    viewOf(await transaction(db, (tx) => changeGitAccount(tx, accountId, body, { sealer, actor: actor.id }))),
  ),

  defineRoute(contract.deleteGitAccount, async ({ params: { accountId }, actor }, { db }) => {
    await transaction(db, (tx) => removeGitAccount(tx, accountId, actor.id))
    return {}
  }),

  defineRoute(
    contract.listHostReports,
    async ({ params: { accountId }, query: { status }, page }, { db }) => {
      if ((await findGitAccount(db, accountId)) === undefined) throw notFound('git account', accountId)
      return pageOf(await listReports(db, { accountId, status }, page), page, (rows) => ({
        reports: rows.map(reportViewOf),
      }))
    },
  ),
]
