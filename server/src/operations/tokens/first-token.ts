import type { Tx } from '../../db/db.ts'
import { createToken } from './create.ts'

/** The first admin token, made once in the life of a database. Undefined: there are tokens already. */
export async function createFirstToken(tx: Tx): Promise<string | undefined> {
  const { count } = await tx
    .selectFrom('token')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  if (Number(count) > 0) return undefined
  const { token } = await createToken(tx, {
    name: 'admin',
    permission: 'admin',
    expiresAt: null,
    actor: 'first start',
  })
  return token
}
