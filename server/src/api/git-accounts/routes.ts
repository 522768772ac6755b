import { notFound } from '@fairway/contract/errors'
import * as contract from '@fairway/contract/routes/git-account'
import { transaction } from '../../db/db.ts'
import { findGitAccount, type GitAccountRow, listGitAccounts } from '../../db/git-accounts.ts'
import { changeGitAccount, createGitAccount, removeGitAccount } from '../../operations/git-accounts/save.ts'
import { pageOfAll } from '../page.ts'
import { defineRoute } from '../route.ts'

const viewOf = (account: GitAccountRow): contract.GitAccountView => ({
  id: account.id,
  name: account.name,
  host: account.host,
  baseUrl: account.base_url,
  auth: { type: account.auth, ...account.spec },
  webhook: {
    id: account.webhook_id,
    path: `/v1/webhooks/git/${account.webhook_id}`,
    lastDeliveryAt: account.last_delivery_at?.toISOString() ?? null,
  },
  createdAt: account.created_at.toISOString(),
  updatedAt: account.updated_at.toISOString(),
})

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
]
