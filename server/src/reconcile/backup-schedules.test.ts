import { expect, test } from 'vitest'
import { changeAddon } from '../db/addons.ts'
import { findBackupSchedule } from '../db/backup-schedules.ts'
import { listBackups } from '../db/backups.ts'
import { type Db, transaction } from '../db/db.ts'
import { withTestDb } from '../db/test-db.ts'
import { claimDue, schedule, settle, type WorkItem } from '../db/work.ts'
import { noCrashPoints } from '../lib/crash-point.ts'
import { silentLog } from '../lib/log.ts'
import { createSealer } from '../lib/seal.ts'
import { createAddon } from '../operations/addons/create.ts'
import { addBackupSchedule } from '../operations/addons/schedules.ts'
import { backupScheduleHandler } from './backup-schedules.ts'

const key = { projectId: 'shop', addonId: 'db' }
const sealer = createSealer(Buffer.alloc(32, 7))
const daily = {
  backupType: 'snapshot',
  scheduling: { interval: 'daily', hour: [3], minute: [0] },
  retentionTime: 7,
} as const

function withSchedule(
  work: (world: { db: Db; id: string; passAt: (at: string) => Promise<number | null> }) => Promise<void>,
) {
  return withTestDb(async (db) => {
    await db.insertInto('project').values({ id: 'shop', name: 'Shop' }).execute()
    const id = await transaction(db, async (tx) => {
      await createAddon(
        tx,
        {
          ...key,
          name: 'db',
          description: '',
          tags: [],
          spec: {
            type: 'postgresql',
            version: 'latest',
            billing: {},
            tlsEnabled: false,
            externalAccessEnabled: false,
            ipPolicies: [],
            typeSpecificSettings: {},
          },
          backupSchedules: [],
          actor: null,
        },
        sealer,
      )
      const spec = { ...daily, scheduling: { ...daily.scheduling, hour: [3], minute: [0] } }
      return (await addBackupSchedule(tx, { ...key, spec })).scheduleId
    })
    await work({ db, id, passAt: (at) => onePass(db, id, new Date(at)) })
  })
}

/** One claimed pass of the handler at a time of our choosing. */
async function onePass(db: Db, id: string, now: Date): Promise<number | null> {
  await schedule(db, 'backup_schedule', id)
  const worker = '00000000-0000-4000-8000-000000000001'
  const [item] = await claimDue(db, { kinds: ['backup_schedule'], worker, leaseMs: 10_000, limit: 1 })
  const handler = backupScheduleHandler({
    db,
    engines: new Map(),
    openStorage: () => {
      throw new Error('not used')
    },
    sealer,
    clock: { now: () => now },
    crash: noCrashPoints,
    log: silentLog(),
  })
  const { wakeAfterMs } = await handler(item as WorkItem)
  await settle(db, item as WorkItem, { wakeAfterMs })
  return wakeAfterMs
}

const backupsOf = (db: Db) => listBackups(db, key, { limit: 100, offset: 0 })

test('a new schedule waits for its time, and makes one backup when it comes', () =>
  withSchedule(async ({ db, id, passAt }) => {
    expect(await passAt('2026-11-23T01:00:00Z')).toBe(2 * 3_600_000)
    expect(await backupsOf(db)).toEqual([])
    expect(await passAt('2026-11-23T03:00:00Z')).toBe(24 * 3_600_000)
    expect(await passAt('2026-11-23T03:00:01Z')).toBe(24 * 3_600_000 - 1000)
    expect(await backupsOf(db)).toMatchObject([{ trigger: 'schedule', schedule_id: id, type: 'snapshot' }])
    const [backup] = await backupsOf(db)
    expect(backup!.expires_at!.getTime() - backup!.created_at.getTime()).toBe(7 * 24 * 3_600_000)
  }))

test('times missed while no server ran make one backup, not many', () =>
  withSchedule(async ({ db, id, passAt }) => {
    await passAt('2026-11-23T01:00:00Z')
    await passAt('2026-11-29T12:00:00Z')
    expect(await backupsOf(db)).toHaveLength(1)
    expect((await findBackupSchedule(db, id))?.next_at).toEqual(new Date('2026-11-30T03:00:00Z'))
  }))

test('a paused addon is passed over, and the schedule goes on', () =>
  withSchedule(async ({ db, passAt }) => {
    await passAt('2026-11-23T01:00:00Z')
    await transaction(db, (tx) => changeAddon(tx, key, { paused: true }))
    await passAt('2026-11-23T03:00:00Z')
    await transaction(db, (tx) => changeAddon(tx, key, { paused: false }))
    expect(await backupsOf(db)).toEqual([])
    await passAt('2026-11-24T03:00:00Z')
    expect(await backupsOf(db)).toHaveLength(1)
  }))

test('a second schedule of the same interval and type is refused', () =>
  withSchedule(async ({ db }) => {
    const spec = { ...daily, scheduling: { ...daily.scheduling, hour: [5], minute: [0] } }
    await expect(transaction(db, (tx) => addBackupSchedule(tx, { ...key, spec }))).rejects.toMatchObject({
      code: 'conflict',
    })
  }))
