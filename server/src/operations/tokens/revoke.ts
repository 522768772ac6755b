import { notFound } from '@fairway/contract/errors'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { deleteToken } from '../../db/tokens.ts'

/** Ends a token at once; open event streams of it close at their next check. */
export async function revokeToken(tx: Tx, { id, actor }: { id: string; actor: string }): Promise<void> {
  if (!(await deleteToken(tx, id))) throw notFound('token', id)
  await recordEvent(tx, { topic: 'audit', subject: id, type: 'token.revoke', actor })
}
