import type { Db, Tx } from './db.ts'
import { newId } from './work.ts'

export type Permission = 'read' | 'write' | 'admin'

export type TokenRow = {
  id: string
  name: string
  permission: Permission
  created_at: Date
  expires_at: Date | null
  last_used_at: Date | null
}

const columns = ['id', 'name', 'permission', 'created_at', 'expires_at', 'last_used_at'] as const

export async function findTokenByHash(db: Db, hash: string): Promise<TokenRow | undefined> {
  const row = await db.selectFrom('token').select(columns).where('hash', '=', hash).executeTakeFirst()
  return row as TokenRow | undefined
}

export async function listTokens(db: Db, page: { limit: number; offset: number }): Promise<TokenRow[]> {
  const rows = await db
    .selectFrom('token')
    .select(columns)
    .orderBy('created_at')
    .orderBy('id')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
  return rows as TokenRow[]
}

/** False: there is a token of this name. */
export async function insertToken(
  tx: Tx,
  token: { name: string; hash: string; permission: Permission; expiresAt: Date | null },
): Promise<TokenRow | undefined> {
  const row = await tx
    .insertInto('token')
    .values({
      id: newId(),
      name: token.name,
      hash: token.hash,
      permission: token.permission,
      expires_at: token.expiresAt,
    })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returning(columns)
    .executeTakeFirst()
  return row as TokenRow | undefined
}

export async function deleteToken(tx: Tx, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('token').where('id', '=', id).executeTakeFirst()
  return numDeletedRows === 1n
}

const TOUCH_EVERY_MS = 60_000

/** Notes that a token was used, at most once a minute: reads must not become writes. */
export async function touchToken(db: Db, token: TokenRow, now: Date): Promise<void> {
  if (token.last_used_at !== null && now.getTime() - token.last_used_at.getTime() < TOUCH_EVERY_MS) return
  await db.updateTable('token').set({ last_used_at: now }).where('id', '=', token.id).execute()
}
