import * as contract from '@fairway/contract/routes/team'
import { transaction } from '../../db/db.ts'
import { listTokens, type TokenRow } from '../../db/tokens.ts'
import { createToken } from '../../operations/tokens/create.ts'
import { revokeToken } from '../../operations/tokens/revoke.ts'
import { pageOf } from '../page.ts'
import { defineRoute } from '../route.ts'

const viewOf = (row: TokenRow) => ({
  id: row.id,
  name: row.name,
  permission: row.permission,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at?.toISOString() ?? null,
  lastUsedAt: row.last_used_at?.toISOString() ?? null,
})

export const tokenRoutes = [
  defineRoute(contract.createToken, async ({ body, actor }, { db }) => {
    const expiresAt = body.expiresAt === undefined ? null : new Date(body.expiresAt)
    const { token, row } = await transaction(db, (tx) =>
      createToken(tx, { name: body.name, permission: body.permission, expiresAt, actor: actor.id }),
    )
    return { ...viewOf(row), token }
  }),

  defineRoute(contract.listTokens, async ({ page }, { db }) =>
    pageOf(await listTokens(db, page), page, (rows) => ({ tokens: rows.map(viewOf) })),
  ),

  defineRoute(contract.deleteToken, async ({ params, actor }, { db }) => {
    await transaction(db, (tx) => revokeToken(tx, { id: params.tokenId, actor: actor.id }))
    return {}
  }),
]
