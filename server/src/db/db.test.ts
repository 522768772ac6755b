import { expect, test } from 'vitest'
import { transaction } from './db.ts'
import { withTestDb } from './test-db.ts'

test('of two transactions that wait for each other both are done in the end', () =>
  withTestDb(async (db) => {
    await db
      .insertInto('project')
      .values(['a', 'b'].map((id) => ({ id, name: '' })))
      .execute()
    let holding = 0
    const rename = (first: string, second: string): Promise<void> =>
      transaction(db, async (tx) => {
        await tx.updateTable('project').set({ name: first }).where('id', '=', first).execute()
        holding += 1
        await expect.poll(() => holding).toBeGreaterThanOrEqual(2)
        await tx.updateTable('project').set({ description: first }).where('id', '=', second).execute()
      })

    await Promise.all([rename('a', 'b'), rename('b', 'a')])

    expect(holding).toBe(3)
    expect(
      await db.selectFrom('project').select(['id', 'name', 'description']).orderBy('id').execute(),
    ).toEqual([
      { id: 'a', name: 'a', description: 'b' },
      { id: 'b', name: 'b', description: 'a' },
    ])
  }))
