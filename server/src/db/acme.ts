import { sql } from 'kysely'
import type { Db, Tx } from './db.ts'

/** Our account at an authority. `key` is sealed PEM; `url` is null until the authority knows the key. */
export type AcmeAccountRow = { directory: string; key: Buffer; url: string | null }

export async function findAcmeAccount(db: Db, directory: string): Promise<AcmeAccountRow | undefined> {
  return db
    .selectFrom('acme_account')
    .select(['directory', 'key', 'url'])
    .where('directory', '=', directory)
    .executeTakeFirst()
}

/** Stores a key unless there is one: the first one stays. */
export async function keepAcmeAccount(tx: Tx, row: { directory: string; key: Buffer }): Promise<void> {
  await tx
    .insertInto('acme_account')
    .values(row)
    .onConflict((conflict) => conflict.column('directory').doNothing())
    .execute()
}

export async function setAcmeAccountUrl(tx: Tx, directory: string, url: string | null): Promise<void> {
  await tx.updateTable('acme_account').set({ url }).where('directory', '=', directory).execute()
}

export type AcmeChallengeRow = { token: string; answer: string; host: string; certificate_id: string }

/** What is to be answered under `/.well-known/acme-challenge/{token}`. */
export async function findChallengeAnswer(db: Db, token: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('acme_challenge')
    .select('answer')
    .where('token', '=', token)
    .executeTakeFirst()
  return row?.answer
}

export async function keepChallenge(tx: Tx, row: AcmeChallengeRow): Promise<void> {
  await tx
    .insertInto('acme_challenge')
    .values(row)
    .onConflict((conflict) =>
      conflict.column('token').doUpdateSet({ answer: row.answer, created_at: sql<Date>`now()` }),
    )
    .execute()
}

export async function forgetChallenges(tx: Tx, certificateId: string): Promise<void> {
  await tx.deleteFrom('acme_challenge').where('certificate_id', '=', certificateId).execute()
}
