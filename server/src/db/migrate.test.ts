import type pg from 'pg'
import { expect, test } from 'vitest'
import { migrate, readMigrations } from './migrate.ts'
import { withTestDb } from './test-db.ts'

const empty = (pool: pg.Pool) => pool.query('drop schema public cascade; create schema public')
const recorded = async (pool: pg.Pool): Promise<number[]> =>
  (await pool.query<{ version: number }>('select version from migration order by version')).rows.map(
    ({ version }) => version,
  )

test('of servers that start together on an empty database, one applies each migration and the others wait', () =>
  withTestDb(async (_db, { pool }) => {
    await empty(pool)
    const applied = await Promise.all([migrate(pool), migrate(pool), migrate(pool)])
    expect(applied.flat()).toEqual(readMigrations().map(({ name }) => name))
    expect(await recorded(pool)).toEqual(readMigrations().map(({ version }) => version))
  }))

test('a database that is up to date is left alone', () =>
  withTestDb(async (_db, { pool }) => {
    expect(await migrate(pool)).toEqual([])
  }))

test('a database of a newer Fairway is refused, and not changed', () =>
  withTestDb(async (_db, { pool }) => {
    await pool.query(`insert into migration (version, name) values (9999, 'later')`)
    await expect(migrate(pool)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('9999'),
    })
  }))

test('a migration that fails leaves nothing of itself, and the lock is free for the next try', () =>
  withTestDb(async (_db, { pool }) => {
    await empty(pool)
    // The first migration makes a table of this name.
    await pool.query('create table event (id int)')
    await expect(migrate(pool)).rejects.toThrow('nothing of it was applied')
    expect(await recorded(pool)).toEqual([])
    const { rows } = await pool.query(`select 1 from pg_class where relname = 'work_item'`)
    expect(rows).toEqual([])
    await pool.query('drop table event')
    expect(await migrate(pool)).toEqual(readMigrations().map(({ name }) => name))
  }))
