import { FairwayError } from '@fairway/contract/errors'
import type { RouteContract } from '@fairway/contract/route'
import type { Db } from '../db/db.ts'
import { findTokenByHash, type Permission, touchToken } from '../db/tokens.ts'
import type { Clock } from '../lib/clock.ts'
import { hashOfToken } from '../operations/tokens/create.ts'

/** Who calls. `id` goes into audit rows, approvals and `createdBy`. */
export type Actor = { id: string; permission: Permission; expiresAt: Date | null }

const RANK = { none: 0, read: 1, write: 2, admin: 3 } as const

const NOBODY: Actor = { id: 'anonymous', permission: 'read', expiresAt: null }

/** Finds the caller by its bearer token and checks that it may do this. 401 and 403 otherwise. */
export async function authenticate(
  { db, clock }: { db: Db; clock: Clock },
  header: string | undefined,
  needed: RouteContract['permission'],
): Promise<Actor> {
  if (needed === 'none') return NOBODY
  const token = await findTokenByHash(db, hashOfToken(bearerOf(header)))
  const now = clock.now()
  if (token === undefined) throw unauthorized('This token is not known. Create one with an admin token.')
  if (token.expires_at !== null && token.expires_at <= now) {
    throw unauthorized('This token has expired. Create a new one with an admin token.')
  }
  if (RANK[token.permission] < RANK[needed]) {
    throw new FairwayError(
      'forbidden',
      `This needs a token with the permission "${needed}"; yours has "${token.permission}".`,
    )
  }
  await touchToken(db, token, now)
  return { id: token.name, permission: token.permission, expiresAt: token.expires_at }
}

function bearerOf(header: string | undefined): string {
  const [scheme, token] = header?.split(' ') ?? []
  if (scheme?.toLowerCase() === 'bearer' && token !== undefined && token !== '') return token
  throw unauthorized('Send a token in the header "Authorization: Bearer <token>".')
}

const unauthorized = (sentence: string): FairwayError => new FairwayError('unauthorized', sentence)
