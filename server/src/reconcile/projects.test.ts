import { describe, expect, test } from 'vitest'
import { type Db, transaction } from '../db/db.ts'
import { withTestDb } from '../db/test-db.ts'
import { claimDue, newId, settle } from '../db/work.ts'
import { noCrashPoints } from '../lib/crash-point.ts'
import { requestProjectDeletion } from '../operations/projects/delete.ts'
import { projectHandler } from './projects.ts'

async function onePass(db: Db): Promise<number | null> {
  const [item] = await claimDue(db, { kinds: ['project'], worker: newId(), leaseMs: 10_000, limit: 1 })
  if (item === undefined) throw new Error('no project is due')
  const { wakeAfterMs } = await projectHandler({ db, crash: noCrashPoints })(item)
  await settle(db, item, { wakeAfterMs: wakeAfterMs === null ? null : 0 })
  return wakeAfterMs
}

async function createShop(db: Db): Promise<void> {
  await db.insertInto('project').values({ id: 'shop', name: 'Shop' }).execute()
  const service = { project_id: 'shop', id: 'web', kind: 'deployment', name: 'web', spec: '{}' }
  await db.insertInto('service').values(service).execute()
  const job = { project_id: 'shop', id: 'migrate', kind: 'manual', name: 'migrate', spec: '{}' }
  await db.insertInto('job').values(job).execute()
}

const remove = (db: Db, withContents: boolean): Promise<void> =>
  transaction(db, (tx) => requestProjectDeletion(tx, { id: 'shop', actor: 'test', withContents }))

describe('deleting a project', () => {
  test('takes its rows only after its services are gone, and then all of them', () =>
    withTestDb(async (db) => {
      await createShop(db)
      await remove(db, true)
      expect(await onePass(db)).toBeGreaterThan(0)
      const { deleting } = await db.selectFrom('service').select('deleting').executeTakeFirstOrThrow()
      expect(deleting).toBe(true)
      expect(await claimDue(db, { kinds: ['service'], worker: newId(), leaseMs: 1, limit: 5 })).toHaveLength(
        1,
      )

      await db.deleteFrom('service').execute() // what the service's reconciler does once its instances have stopped
      expect(await onePass(db)).toBeNull()
      expect(await db.selectFrom('project').select('id').execute()).toEqual([])
      expect(await db.selectFrom('job').select('id').execute()).toEqual([])
    }))

  test('aborts job runs first and waits for their end', () =>
    withTestDb(async (db) => {
      await createShop(db)
      const run = {
        id: newId(),
        project_id: 'shop',
        job_id: 'migrate',
        run_name: 'calm-river',
        trigger: 'manual',
      }
      await db.insertInto('job_run').values(run).execute()
      await remove(db, true)
      expect(await onePass(db)).toBeGreaterThan(0)
      const rows = await db.selectFrom('job_run').select(['abort_requested']).execute()
      expect(rows).toEqual([{ abort_requested: true }])
      expect((await db.selectFrom('service').select('deleting').executeTakeFirstOrThrow()).deleting).toBe(
        false,
      )
    }))

  test('is refused for one that holds something, unless that is asked for', () =>
    withTestDb(async (db) => {
      await createShop(db)
      await expect(remove(db, false)).rejects.toThrow(/not empty.*delete_child_objects/)
      expect((await db.selectFrom('project').select('deleting').executeTakeFirstOrThrow()).deleting).toBe(
        false,
      )
    }))
})
