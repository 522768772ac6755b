import { createHash, randomBytes } from 'node:crypto'
import { FairwayError } from '@fairway/contract/errors'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { insertToken, type Permission, type TokenRow } from '../../db/tokens.ts'

type NewToken = { name: string; permission: Permission; expiresAt: Date | null; actor: string }

/** Makes a bearer token. Only its hash is kept: the clear text is in this answer and nowhere else. */
export async function createToken(tx: Tx, request: NewToken): Promise<{ token: string; row: TokenRow }> {
  const token = `fairway_${randomBytes(32).toString('base64url')}`
  const { name, permission, expiresAt, actor } = request
  const row = await insertToken(tx, { name, permission, expiresAt, hash: hashOfToken(token) })
  if (row === undefined) {
    throw new FairwayError('name_taken', `There is a token named "${name}" already. Choose another name.`)
  }
  await recordEvent(tx, {
    topic: 'audit',
    subject: row.id,
    type: 'token.create',
    actor,
    data: { name, permission },
  })
  return { token, row }
}

export const hashOfToken = (token: string): string => createHash('sha256').update(token).digest('hex')
