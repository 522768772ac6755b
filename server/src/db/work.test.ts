import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Db } from './db.ts'
import { withTestDb } from './test-db.ts'
import { claimDue, renewLease, schedule, settle, withLease } from './work.ts'

const LEASE_MS = 60_000

const claim = (db: Db, { limit = 1, leaseMs = LEASE_MS } = {}) =>
  claimDue(db, { kinds: ['build'], worker: randomUUID(), leaseMs, limit })

describe('work by lease', () => {
  test('every item is given out exactly once, however many workers ask together', () =>
    withTestDb(async (db, { pool }) => {
      await Promise.all(Array.from({ length: 20 }, () => pool.query('select pg_sleep(0.01)')))
      for (let i = 0; i < 40; i += 1) await schedule(db, 'build', `p/${i}`)

      const claims = (await Promise.all(Array.from({ length: 80 }, () => claim(db)))).flat()

      expect(claims).toHaveLength(40)
      expect(new Set(claims.map(({ key }) => key)).size).toBe(40)
    }))

  test('a worker that lost its lease cannot write, renew or settle', () =>
    withTestDb(async (db) => {
      await schedule(db, 'build', 'p/a')
      const [slow] = await claim(db, { leaseMs: -1 })
      const [fast] = await claim(db)

      await expect(withLease(db, slow!, async () => 'wrote')).rejects.toMatchObject({ code: 'lease_lost' })
      expect(await renewLease(db, slow!, LEASE_MS)).toBe(false)
      expect(await settle(db, slow!, { wakeAfterMs: null })).toBe(false)
      expect(await withLease(db, fast!, async () => 'wrote')).toBe('wrote')
    }))

  test('a request made while the work is under way makes it due again at once', () =>
    withTestDb(async (db) => {
      await schedule(db, 'build', 'p/a')
      const [item] = await claim(db)
      await schedule(db, 'build', 'p/a')
      expect(await claim(db)).toEqual([])

      await settle(db, item!, { wakeAfterMs: null })

      expect(await claim(db)).toHaveLength(1)
    }))

  test('settled work with nothing to wait for is not given out again', () =>
    withTestDb(async (db) => {
      await schedule(db, 'build', 'p/a')
      const [item] = await claim(db)
      await settle(db, item!, { wakeAfterMs: null })
      expect(await claim(db)).toEqual([])
    }))

  test('failures are counted until a pass succeeds', () =>
    withTestDb(async (db) => {
      await schedule(db, 'build', 'p/a')
      const [first] = await claim(db)
      await settle(db, first!, { wakeAfterMs: 0, failed: true })
      const [second] = await claim(db)
      expect(second!.failures).toBe(1)
      await settle(db, second!, { wakeAfterMs: 0 })
      expect((await claim(db))[0]!.failures).toBe(0)
    }))
})
