import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { volumeBody } from '@fairway/contract/resources/volume'
import { describe, expect, test } from 'vitest'
import { transaction } from '../db/db.ts'
import { findVolume } from '../db/volumes.ts'
import { pauseService } from '../operations/services/pause.ts'
import { resumeService } from '../operations/services/resume.ts'
import { attachVolume, detachVolume } from '../operations/volumes/attach.ts'
import { deleteVolume } from '../operations/volumes/change.ts'
import { createVolume } from '../operations/volumes/create.ts'
import { until } from './services-test-calls.ts'
import { type ServicesWorld, testSealer, withServices } from './services-test-world.ts'
import { startVolumeWorker } from './volumes-test-world.ts'

const actor = 'tester'
const VOLUME = { projectId: 'shop', volumeId: 'files' }
const object = { id: 'web', type: 'service' } as const

/** Holds the volume for itself: a second instance beside it ends with status 4. */
const alone = (name: string) => `
const volume = process.env.FAIRWAY_VOLUME_FILES
if (volume) {
  const fs = require('node:fs')
  const lock = volume + '/lock'
  try { fs.writeFileSync(lock, '${name}', { flag: 'wx' }) } catch (error) { console.error(error); process.exit(4) }
  fs.appendFileSync(volume + '/seen', '${name} ')
  // Ends slowly, as one does that writes its files out.
  process.on('exit', () => { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300); fs.unlinkSync(lock) })
}`
const version = (name: string) => ({ name, before: alone(name) })

/** A service and a volume of the same project, with the workers of both. */
const withBoth = (
  work: (world: ServicesWorld) => Promise<void>,
  settings: Parameters<typeof withServices>[0] = {},
): Promise<void> =>
  withServices(settings, async (world) => {
    await world.start()
    const volumes = await startVolumeWorker(world.connectionString, world.folder)
    try {
      const body = volumeBody.parse({
        name: 'files',
        mounts: [{ containerMountPath: '/data' }],
        spec: { storageSize: 256 },
      })
      await transaction(world.db, (tx) => createVolume(tx, { projectId: 'shop', actor }, body, testSealer()))
      await work(world)
    } finally {
      await volumes.stop()
    }
  })

const attach = ({ db }: ServicesWorld) =>
  transaction(db, (tx) => attachVolume(tx, { ...VOLUME, object, actor }, testSealer()))
const detach = ({ db }: ServicesWorld) =>
  transaction(db, (tx) => detachVolume(tx, { ...VOLUME, actor }, testSealer()))
const status = async ({ db }: ServicesWorld) => (await findVolume(db, VOLUME))?.status

/** The rollout of what is wanted now has ended so. */
async function rolledOut(world: ServicesWorld, state = 'completed'): Promise<void> {
  const rollouts = await world.db.selectFrom('rollout').selectAll().orderBy('created_at', 'desc').execute()
  await world.rolledOut(rollouts[0]?.revision_id ?? '', state)
}

const variable = async (world: ServicesWorld): Promise<string | undefined> =>
  (JSON.parse((await world.get('/env')).body) as Record<string, string>).FAIRWAY_VOLUME_FILES

async function seen(world: ServicesWorld): Promise<string> {
  const [disk = ''] = await readdir(join(world.folder, 'volumes'))
  return readFile(join(world.folder, 'volumes', disk, 'volume', 'seen'), 'utf8')
}

const restarts = async ({ db }: ServicesWorld): Promise<number[]> =>
  (await db.selectFrom('instance').select('restarts').execute()).map((row) => row.restarts)

describe('a service with a volume', () => {
  test(
    'gets it by a rollout, keeps its files through the next ones, and never has two instances at once',
    () =>
      withBoth(async (world) => {
        await world.rolledOut(await world.deploy(version('one')), 'completed')
        expect(await variable(world)).toBeUndefined()
        await until(async () => (await status(world)) === 'BOUND')
        await attach(world)
        await rolledOut(world)
        await until(async () => (await variable(world)) !== undefined)
        for (const name of ['two', 'three'])
          await world.rolledOut(await world.deploy(version(name)), 'completed')
        expect(await seen(world)).toBe('one two three ')
        expect(new Set(await restarts(world))).toEqual(new Set([0]))

        await detach(world)
        await rolledOut(world)
        await until(async () => (await variable(world)) === undefined)
        await until(async () => (await world.instances()).length === 1)
        await transaction(world.db, (tx) => deleteVolume(tx, { ...VOLUME, actor }))
        await until(async () => (await status(world)) === undefined)
        expect(await readdir(join(world.folder, 'volumes'))).toEqual([])
      }),
    60_000,
  )

  test(
    'that was attached before it was made gets it when it is there',
    () =>
      withServices({}, async (world) => {
        await world.start()
        await world.rolledOut(await world.deploy(version('one')), 'completed')
        const body = volumeBody.parse({
          name: 'files',
          mounts: [{ containerMountPath: '/data' }],
          spec: { storageSize: 256 },
          attachedObjects: [object],
        })
        await transaction(world.db, (tx) =>
          createVolume(tx, { projectId: 'shop', actor }, body, testSealer()),
        )
        // A deployment meanwhile does not wait for it.
        await world.rolledOut(await world.deploy(version('two')), 'completed')
        expect(await variable(world)).toBeUndefined()
        const volumes = await startVolumeWorker(world.connectionString, world.folder)
        try {
          await until(async () => (await variable(world).catch(() => undefined)) !== undefined, 20_000)
        } finally {
          await volumes.stop()
        }
      }),
    60_000,
  )

  test(
    'that cannot run with it goes back to the version without it',
    () =>
      withBoth(
        async (world) => {
          const picky = { name: 'picky', before: 'if (process.env.FAIRWAY_VOLUME_FILES) process.exit(3)' }
          const good = await world.deploy(picky)
          await world.rolledOut(good, 'completed')
          await until(async () => (await status(world)) === 'BOUND')
          await attach(world)
          await rolledOut(world, 'failed')
          await until(async () => (await world.service()).desired_revision === good)
          await until(async () => (await world.get().catch(() => undefined))?.body === 'picky', 20_000)
          await detach(world)
          await transaction(world.db, (tx) => deleteVolume(tx, { ...VOLUME, actor }))
          await until(async () => (await status(world)) === undefined)
        },
        { deadline: 5 },
      ),
    60_000,
  )

  test(
    'that is paused can be given a volume and lose it; what is resumed is as was said last',
    () =>
      withBoth(async (world) => {
        await world.rolledOut(await world.deploy(version('one')), 'completed')
        await until(async () => (await status(world)) === 'BOUND')
        const key = { projectId: 'shop', serviceId: 'web', actor }
        await transaction(world.db, (tx) => pauseService(tx, key))
        await until(async () => (await world.instances()).length === 0)
        await attach(world)
        await transaction(world.db, (tx) => resumeService(tx, key))
        await until(async () => (await variable(world).catch(() => undefined)) !== undefined, 20_000)
        await transaction(world.db, (tx) => pauseService(tx, key))
        await until(async () => (await world.instances()).length === 0)
        await detach(world)
        await rolledOut(world)
        await transaction(world.db, (tx) => deleteVolume(tx, { ...VOLUME, actor }))
        await until(async () => (await status(world)) === undefined)
      }),
    60_000,
  )
})
