import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type Db, transaction } from './db.ts'
import { withTestDb } from './test-db.ts'
import { claimDue, renewLease, schedule, settle, withLease } from './work.ts'

const LEASE_MS = 60_000

const claim = (db: Db, { limit = 1, leaseMs = LEASE_MS } = {}) =>
  claimDue(db, { kinds: ['build'], worker: randomUUID(), leaseMs, limit })

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

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

  test('who changes a resource and asks for its work, and the worker that writes it, do not wait for each other', () =>
    withTestDb(async (db) => {
      await db.insertInto('project').values({ id: 'p', name: 'p' }).execute()
      await schedule(db, 'build', 'p/a')
      const [item] = await claim(db)
      const passed = withResolvers()
      const changed = withResolvers()
      const attempts = { worker: 0, writer: 0 }

      const worker = withLease(db, item!, async (tx) => {
        attempts.worker += 1
        passed.resolve()
        await changed.promise
        await tx.updateTable('project').set({ name: 'of the worker' }).execute()
      })
      await passed.promise
      await transaction(db, async (tx) => {
        attempts.writer += 1
        await tx.updateTable('project').set({ name: 'of the writer' }).execute()
        changed.resolve()
        await schedule(tx, 'build', 'p/a')
      })
      await worker

      expect(attempts).toEqual({ worker: 1, writer: 1 })
    }))

  test('nobody takes over from a worker whose lease ran out in the middle of a write', () =>
    withTestDb(async (db) => {
      await schedule(db, 'build', 'p/a')
      const [item] = await claim(db, { leaseMs: -1 })
      await withLease(db, item!, async () => expect(await claim(db)).toEqual([]))
      expect(await claim(db)).toHaveLength(1)
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
