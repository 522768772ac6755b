import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { type Db, transaction } from './db.ts'
import { setDesiredRevision, setObservedDeployment } from './service-deployment.ts'
import { withTestDb } from './test-db.ts'

const key = { projectId: 'shop', serviceId: 'web' }

async function withService(db: Db): Promise<void> {
  await db.insertInto('project').values({ id: 'shop', name: 'Shop' }).execute()
  await db
    .insertInto('service')
    .values({ project_id: 'shop', id: 'web', name: 'web', kind: 'deployment', spec: '{}' } as never)
    .execute()
}

const statusOf = (db: Db) =>
  db.selectFrom('service').select('deployment_status as status').executeTakeFirstOrThrow()

test('what was observed of one version is never said of a newer one that is wanted meanwhile', () =>
  withTestDb(async (db) => {
    await withService(db)
    const [old, wanted] = [randomUUID(), randomUUID()]
    const completed = { status: 'COMPLETED', reason: 'DEPLOYING', message: null, desired: old } as const
    await transaction(db, (tx) => setDesiredRevision(tx, key, old))
    expect(await transaction(db, (tx) => setObservedDeployment(tx, key, completed))).toBe(true)

    await transaction(db, (tx) => setDesiredRevision(tx, key, wanted))
    expect(await transaction(db, (tx) => setObservedDeployment(tx, key, completed))).toBe(false)
    expect(await statusOf(db)).toEqual({ status: 'PENDING' })

    const now = { ...completed, desired: wanted }
    expect(await transaction(db, (tx) => setObservedDeployment(tx, key, now))).toBe(true)
    expect(await statusOf(db)).toEqual({ status: 'COMPLETED' })
  }))
