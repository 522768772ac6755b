import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addonBody } from '@fairway/contract/resources/addon'
import { describe, expect, test, vi } from 'vitest'
import { imagesFolder, redisCommands, testInstallation } from '../addons/docker/docker-test-world.ts'
import { createDockerRedisEngine } from '../addons/docker/engines.ts'
import { type AddonRow, findAddon } from '../db/addons.ts'
import { findBackup } from '../db/backups.ts'
import { type Db, transaction } from '../db/db.ts'
import { findRestore } from '../db/restores.ts'
import { withTestDb } from '../db/test-db.ts'
import { dockerHere } from '../lib/docker/test-engine.ts'
import { until } from '../lib/test-until.ts'
import { requestBackup } from '../operations/addons/backup.ts'
import { deleteAddon } from '../operations/addons/control.ts'
import { requestRestore } from '../operations/addons/restore.ts'
import { createAddonFrom, patchAddonFrom } from '../operations/addons/save.ts'
import { openAddonSettings } from '../operations/addons/settings.ts'
import { startAddonWorker, testSealer } from './addons-test-world.ts'

const key = { projectId: 'shop', addonId: 'cache' }
const asked = { ...key, actor: 'test' }
const makers = { sealer: testSealer, offers: [{ type: 'redis', tls: true, versions: ['7'] }] }

const untilAddon = (db: Db, what: string, is: (addon: AddonRow) => boolean): Promise<AddonRow> =>
  until(what, async () => {
    const addon = await findAddon(db, key)
    return addon !== undefined && is(addon) ? addon : undefined
  })

/** A Redis addon with its workers, which is deleted at the end. */
async function withRedis(work: (db: Db) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fairway-addons-'))
  const engine = createDockerRedisEngine({ installation: testInstallation(), images: imagesFolder })
  await withTestDb(async (db, { connectionString }) => {
    await db.insertInto('project').values({ id: 'shop', name: 'Shop' }).execute()
    const body = addonBody.parse({ name: 'cache', type: 'redis' })
    await transaction(db, (tx) => createAddonFrom(tx, asked, body, makers))
    const worker = await startAddonWorker(connectionString, folder, { engines: [engine] })
    try {
      await untilAddon(db, 'running', ({ status }) => status === 'running')
      await work(db)
    } finally {
      await transaction(db, (tx) => deleteAddon(tx, asked))
      await until('deleted', async () => ((await findAddon(db, key)) === undefined ? true : undefined))
      await worker.stop()
    }
  })
  await rm(folder, { recursive: true, force: true })
}

async function redis(db: Db, commands: string[][]) {
  const addon = await findAddon(db, key)
  if (addon?.endpoint == null) throw new Error('no endpoint')
  const { password } = openAddonSettings(testSealer, key, addon.settings)
  return redisCommands(addon.endpoint, password, commands)
}

/** Each test makes servers from nothing, on a machine that may be busy. */
vi.setConfig({ testTimeout: 300_000 })

describe.skipIf(!dockerHere)('a Redis addon and its workers', () => {
  test('a restore goes beside, is verified, and then takes over the name; the old data is kept', () =>
    withRedis(async (db) => {
      expect((await findAddon(db, key))?.version).toMatch(/^7\.\d+/)
      await redis(db, [['SET', 'a', 'backed up']])
      const { backupId } = await transaction(db, (tx) =>
        requestBackup(tx, { ...asked, type: 'snapshot', trigger: 'manual' }),
      )
      await until('backed up', async () =>
        (await findBackup(db, backupId))?.status === 'completed' ? true : undefined,
      )
      await redis(db, [['SET', 'a', 'later']])
      const { restoreId } = await transaction(db, (tx) => requestRestore(tx, { ...asked, backupId }))
      const restore = await until('restored', async () => {
        const row = await findRestore(db, restoreId)
        return row?.concluded_at == null ? undefined : row
      })
      expect(restore).toMatchObject({ status: 'completed', verified: { tables: 1, rows: 1 } })
      const after = await untilAddon(db, 'running', ({ status }) => status === 'running')
      expect(after.endpoint).toMatchObject({ host: 'cache.addon', port: 6379, generation: 2 })
      expect(await redis(db, [['GET', 'a']])).toEqual(['backed up'])
    }))

  test('scaled and encrypted, it restarts with that and its data', () =>
    withRedis(async (db) => {
      await redis(db, [['SET', 'a', '1']])
      const patch = { tlsEnabled: true, billing: { deploymentPlan: 'nf-compute-20' as const } }
      await transaction(db, (tx) => patchAddonFrom(tx, asked, patch, makers))
      await untilAddon(
        db,
        'encrypted',
        ({ endpoint, restart_requested }) => endpoint?.ca !== undefined && !restart_requested,
      )
      // As the container's own limit makes the server say.
      expect(await redis(db, [['CONFIG', 'GET', 'maxmemory']])).toEqual([
        ['maxmemory', String(384 * 1024 * 1024)],
      ])
      expect(await redis(db, [['GET', 'a']])).toEqual(['1'])
    }))
})
