import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { expect, test } from 'vitest'
import { findAddon, listGenerations } from '../db/addons.ts'
import { findBackup, listBackups } from '../db/backups.ts'
import { type Db, transaction } from '../db/db.ts'
import { findRestore } from '../db/restores.ts'
import { withTestDb } from '../db/test-db.ts'
import { spawnProgram } from '../lib/test-life.ts'
import { until } from '../lib/test-until.ts'
import { abortBackup, deleteBackup, requestBackup } from '../operations/addons/backup.ts'
import {
  deleteAddon,
  dropKeptGeneration,
  pauseAddon,
  restartAddon,
  resumeAddon,
} from '../operations/addons/control.ts'
import { createAddon } from '../operations/addons/create.ts'
import { abortRestore, requestRestore } from '../operations/addons/restore.ts'
import { openAddonSettings } from '../operations/addons/settings.ts'
import { addonCrashPoints } from './addons.ts'
import { startAddonWorker, testSealer } from './addons-test-world.ts'
import { backupCrashPoints } from './backups.ts'
import { restoreCrashPoints } from './restores.ts'

const key = { projectId: 'shop', addonId: 'db' }
const actor = null

type World = { db: Db; folder: string; connectionString: string }

async function withWorld(work: (world: World) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fairway-addons-'))
  try {
    await withTestDb(async (db, { connectionString }) => {
      await db.insertInto('project').values({ id: 'shop', name: 'Shop' }).execute()
      await transaction(db, (tx) =>
        createAddon(
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
            actor,
          },
          testSealer,
        ),
      )
      await work({ db, folder, connectionString })
    })
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
}

/** With the workers in this process; the addon is deleted at the end, so that no server is left. */
function withWorker(work: (world: World) => Promise<void>): Promise<void> {
  return withWorld(async (world) => {
    const worker = await startAddonWorker(world.connectionString, world.folder)
    try {
      await untilRunning(world.db)
      await work(world)
    } finally {
      await removeAddon(world.db)
      await worker.stop()
    }
  })
}

const untilRunning = (db: Db) =>
  until('the addon runs', async () => {
    const addon = await findAddon(db, key)
    return addon?.status === 'running' && !addon.restart_requested && addon
  })

const untilConcluded = (db: Db, table: 'backup' | 'restore', id: string) =>
  until(`the ${table} concludes`, async () => {
    const row = table === 'backup' ? await findBackup(db, id) : await findRestore(db, id)
    return row?.concluded_at !== null && row
  })

async function removeAddon(db: Db): Promise<void> {
  if ((await findAddon(db, key)) === undefined) return
  await transaction(db, (tx) => deleteAddon(tx, { ...key, actor }))
  await until('the addon is gone', async () => (await findAddon(db, key)) === undefined)
}

async function query(db: Db, sql: string): Promise<number[]> {
  const addon = (await findAddon(db, key))!
  const { username, password, database } = openAddonSettings(testSealer, key, addon.settings)
  const client = new pg.Client({ ...addon.endpoint, user: username, password, database })
  await client.connect()
  try {
    return (await client.query(sql)).rows.map(({ n }) => n)
  } finally {
    await client.end()
  }
}

const snapshot = (db: Db) =>
  transaction(db, (tx) => requestBackup(tx, { ...key, type: 'snapshot', trigger: 'manual', actor }))
const restoreOf = (db: Db, backupId: string) =>
  transaction(db, (tx) => requestRestore(tx, { ...key, backupId, actor }))

async function storedFiles(folder: string): Promise<string[]> {
  const root = join(folder, 'backups')
  if (!existsSync(root)) return []
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
}

test('a restore brings back the data at the same address, and keeps what it replaced until told otherwise', () =>
  withWorker(async ({ db, folder }) => {
    const before = (await findAddon(db, key))!
    await query(db, 'create table t as select 1 as n')
    const { backupId } = await snapshot(db)
    expect(await untilConcluded(db, 'backup', backupId)).toMatchObject({ status: 'completed' })
    await query(db, 'insert into t values (2)')
    const { restoreId } = await restoreOf(db, 'latest')
    expect(await untilConcluded(db, 'restore', restoreId)).toMatchObject({
      status: 'completed',
      verified: { tables: 1, rows: 1 },
    })
    const after = await untilRunning(db)
    expect(after.endpoint).toEqual({ ...before.endpoint, generation: 2 })
    expect(await query(db, 'select n from t')).toEqual([1])
    expect(await listGenerations(db, key)).toMatchObject([
      { generation: 1, state: 'kept' },
      { generation: 2, state: 'active', restored_from: backupId },
    ])
    await transaction(db, (tx) => dropKeptGeneration(tx, { ...key, generation: 1, actor }))
    await until('the kept data is gone', async () => (await listGenerations(db, key)).length === 1)
    expect(existsSync(join(folder, 'addons/shop/db/g1'))).toBe(false)
  }))

test('a damaged backup fails the restore with a reason; the addon goes on with its data', () =>
  withWorker(async ({ db, folder }) => {
    await query(db, 'create table t as select 1 as n')
    const { backupId } = await snapshot(db)
    await untilConcluded(db, 'backup', backupId)
    const { record } = (await findBackup(db, backupId))!
    const file = await open(join(folder, 'backups', record!.key), 'r+')
    await file.write(Buffer.from([1, 2, 3]), 0, 3, 5000)
    await file.close()
    const { restoreId } = await restoreOf(db, backupId)
    expect(await untilConcluded(db, 'restore', restoreId)).toMatchObject({
      status: 'failed',
      error: { code: 'restore_failed', message: expect.stringContaining('damaged') },
    })
    expect(await query(db, 'select n from t')).toEqual([1])
    expect(await listGenerations(db, key)).toMatchObject([{ generation: 1, state: 'active' }])
    expect(await readdir(join(folder, 'addons/shop/db'))).not.toContain('g2')
  }))

test('an aborted backup and an aborted restore leave nothing', () =>
  withWorker(async ({ db, folder }) => {
    const { backupId } = await snapshot(db)
    await transaction(db, (tx) => abortBackup(tx, { ...key, backupId, actor }))
    expect(await untilConcluded(db, 'backup', backupId)).toMatchObject({ status: 'aborted' })
    expect(await storedFiles(folder)).toEqual([])
    const kept = await snapshot(db)
    await untilConcluded(db, 'backup', kept.backupId)
    const { restoreId } = await restoreOf(db, kept.backupId)
    await until('the restore works', async () => (await findRestore(db, restoreId))?.status === 'in-progress')
    await transaction(db, (tx) => abortRestore(tx, { ...key, restoreId, actor }))
    expect(await untilConcluded(db, 'restore', restoreId)).toMatchObject({ status: 'aborted' })
    expect(await listGenerations(db, key)).toHaveLength(1)
    expect(await readdir(join(folder, 'addons/shop/db'))).not.toContain('g2')
  }))

test('pause stops it, resume and restart bring it back at the same address with its data', () =>
  withWorker(async ({ db }) => {
    await query(db, 'create table t as select 1 as n')
    const { endpoint } = (await findAddon(db, key))!
    await transaction(db, (tx) => pauseAddon(tx, { ...key, actor }))
    await until('it is paused', async () => (await findAddon(db, key))?.status === 'paused')
    await expect(query(db, 'select n from t')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await transaction(db, (tx) => resumeAddon(tx, { ...key, actor }))
    await untilRunning(db)
    await transaction(db, (tx) => restartAddon(tx, { ...key, actor }))
    expect((await untilRunning(db)).endpoint).toEqual(endpoint)
    expect(await query(db, 'select n from t')).toEqual([1])
  }))

test('a deleted backup goes from its storage and from the list; a deleted addon takes everything with it', () =>
  withWorker(async ({ db, folder }) => {
    const first = await snapshot(db)
    const second = await snapshot(db)
    await untilConcluded(db, 'backup', first.backupId)
    await untilConcluded(db, 'backup', second.backupId)
    await transaction(db, (tx) => deleteBackup(tx, { ...key, backupId: first.backupId, actor }))
    await until('the backup is gone', async () => (await findBackup(db, first.backupId)) === undefined)
    expect(await storedFiles(folder)).toEqual([expect.stringContaining(second.backupId)])
    await removeAddon(db)
    expect(await storedFiles(folder)).toEqual([])
    expect(await readdir(join(folder, 'addons/shop'))).toEqual([])
  }))

test(
  'killed at every point of a backup, a restore and a deletion, the work goes on and is done once',
  () =>
    withWorld(async ({ db, folder, connectionString }) => {
      const lives = keepAlive(connectionString, folder)
      try {
        await untilRunning(db)
        await query(db, 'create table t as select 1 as n')
        const { backupId } = await snapshot(db)
        await untilConcluded(db, 'backup', backupId)
        expect(await storedFiles(folder)).toEqual([expect.stringContaining(backupId)])
        await query(db, 'insert into t values (2)')
        const { restoreId } = await restoreOf(db, backupId)
        expect(await untilConcluded(db, 'restore', restoreId)).toMatchObject({ status: 'completed' })
        await untilRunning(db)
        expect(await query(db, 'select n from t')).toEqual([1])
        expect((await listGenerations(db, key)).map(({ state }) => state)).toEqual(['kept', 'active'])
        await discardOneRestore(db, backupId)
        await transaction(db, (tx) => deleteBackup(tx, { ...key, backupId, actor }))
        await until(
          'the backup is gone',
          async () => (await listBackups(db, key, { limit: 9, offset: 0 })).length === 0,
        )
        await removeAddon(db)
        expect(await storedFiles(folder)).toEqual([])
      } finally {
        await lives.end()
      }
      const passed = (await readFile(join(folder, 'crashed'), 'utf8')).trim().split('\n')
      expect(passed.sort()).toEqual([...addonCrashPoints, ...backupCrashPoints, ...restoreCrashPoints].sort())
    }),
  180_000,
)

async function discardOneRestore(db: Db, backupId: string): Promise<void> {
  const { restoreId } = await restoreOf(db, backupId)
  await until('the restore works', async () => (await findRestore(db, restoreId))?.status === 'in-progress')
  await transaction(db, (tx) => abortRestore(tx, { ...key, restoreId, actor }))
  expect(await untilConcluded(db, 'restore', restoreId)).toMatchObject({ status: 'aborted' })
}

/** A worker in a process of its own, started again whenever it is killed. */
function keepAlive(connectionString: string, folder: string): { end(): Promise<void> } {
  let over = false
  let child: ChildProcess | undefined
  const living = (async () => {
    while (!over) {
      child = spawnProgram('addons-test-world.ts', import.meta.url, [connectionString, folder])
      const [code] = await once(child, 'exit')
      if (code !== null && !over) throw new Error(`the worker ended by itself with status ${code}`)
    }
  })()
  return {
    end: async () => {
      over = true
      child?.kill('SIGKILL')
      await living
    },
  }
}
