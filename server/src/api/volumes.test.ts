import { describe, expect, test } from 'vitest'
import { toJson } from '../db/db.ts'
import { type TestApi, withTestApi } from './test-api.ts'

const base = '/v1/projects/shop/volumes'
const volume = {
  name: 'Files',
  mounts: [{ containerMountPath: '/data' }],
  spec: { accessMode: 'ReadWriteOnce', storageSize: 1024 },
}
const service = (name: string, instances = 1, more = {}) => ({
  name,
  deployment: { instances, internal: { id: 'builder', branch: 'main' } },
  ...more,
})

/** A project with the services `web` and `many`, and a volume that its worker made. */
async function withShop(work: (api: TestApi) => Promise<void>): Promise<void> {
  await withTestApi(async (api) => {
    await api.ok('POST', '/v1/projects', { name: 'Shop' })
    const vcsData = { projectUrl: 'https://example.com/a/b', projectType: 'github' }
    await api.ok('POST', '/v1/projects/shop/services/build', { name: 'builder', vcsData })
    for (const body of [service('web'), service('other'), service('many', 3)])
      await api.ok('POST', '/v1/projects/shop/services/deployment', body)
    await api.ok('POST', base, volume)
    await made(api, 'files')
    await work(api)
  })
}

const made = ({ db }: TestApi, id: string) =>
  db
    .updateTable('volume')
    .set({ status: 'BOUND', disk: `disk-${id}` })
    .where('id', '=', id)
    .execute()

/** As if something had been deployed to it once. */
async function deployed({ db }: TestApi, id: string): Promise<string> {
  const revision = crypto.randomUUID()
  await db
    .insertInto('revision')
    .values({
      id: revision,
      project_id: 'shop',
      service_id: id,
      number: 1,
      artifact_kind: 'bundle',
      artifact_digest: 'one',
      source: toJson({}),
      config_version: 1,
      config: toJson({}),
      secret_versions: toJson({ own: 0, groups: {} }),
      environment_hash: 'none',
      reason: 'deploy',
      created_by: 'test',
    })
    .execute()
  await db
    .updateTable('service')
    .set({ desired_revision: revision, current_revision: revision, deployment_status: 'COMPLETED' })
    .where('id', '=', id)
    .execute()
  return revision
}

const wanted = async ({ db }: TestApi, id: string) => {
  const row = await db
    .selectFrom('service')
    .innerJoin('revision', 'revision.id', 'service.desired_revision')
    .select(['revision.id', 'revision.config', 'revision.reason'])
    .where('service.id', '=', id)
    .executeTakeFirstOrThrow()
  return row as { id: string; config: { volumes?: unknown }; reason: string }
}

const to = (id: string, type = 'service') => ({ nfObject: { id, type } })

describe('volumes over HTTP', () => {
  test('200: created as Northflank shows them, listed, made larger, deleted', () =>
    withShop(async ({ ok }) => {
      expect(await ok('GET', `${base}/files`)).toMatchObject({
        id: 'files',
        name: 'Files',
        status: 'BOUND',
        spec: { accessMode: 'ReadWriteOnce', storageSize: 1024 },
        mounts: [{ containerMountPath: '/data', volumeMountPath: '' }],
        attachedObjects: [],
      })
      expect(await ok('GET', base)).toHaveLength(1)
      const larger = await ok('POST', `${base}/files`, { spec: { storageSize: 2048 } })
      expect(larger).toMatchObject({ spec: { storageSize: 2048 } })
      await ok('DELETE', `${base}/files`)
      expect(await ok('GET', `${base}/files`)).toMatchObject({ status: 'DELETING' })
      // Asking again is harmless.
      await ok('DELETE', `${base}/files`)
    }))

  test('400: a volume never shrinks, and a body that breaks a rule names its field', () =>
    withShop(async ({ call }) => {
      const smaller = await call('PATCH', `${base}/files`, { spec: { storageSize: 512 } })
      expect(smaller.status).toBe(400)
      expect(JSON.stringify(smaller.body)).toMatch(/can only grow: it is 1024 MB/)
      const refused: [object, RegExp][] = [
        [{ mounts: [{ containerMountPath: 'data' }] }, /containerMountPath.*absolute/],
        [{ mounts: [{ containerMountPath: '/data/../etc' }] }, /must not have/],
        [{ mounts: [{ containerMountPath: '/proc/1' }] }, /must not be \//],
        [{ mounts: [{ containerMountPath: '/a', volumeMountPath: '../b' }] }, /volumeMountPath/],
        [{ mounts: [{ containerMountPath: '/a' }, { containerMountPath: '/a/' }] }, /different/],
        [{ mounts: [] }, /mounts/],
        [{ spec: { accessMode: 'ReadWriteMany', storageSize: 1024 } }, /accessMode.*ReadWriteOnce/],
        [{ attachedObjects: [to('web').nfObject, to('other').nfObject] }, /one service/],
      ]
      for (const [change, words] of refused) {
        const answer = await call('POST', base, { ...volume, name: 'Second', ...change })
        expect([answer.status, JSON.stringify(answer.body)]).toEqual([400, expect.stringMatching(words)])
      }
    }))

  test('401, 403, 404, 409: who may not, what is not there, a name that is taken', () =>
    withShop(async ({ call, tokens }) => {
      expect((await call('GET', base, undefined, { token: undefined })).status).toBe(401)
      expect((await call('POST', base, volume, { token: tokens.read })).status).toBe(403)
      expect((await call('GET', `${base}/nothing`)).status).toBe(404)
      expect((await call('DELETE', `${base}/nothing`)).status).toBe(404)
      expect((await call('POST', `${base}/files/attach`, to('nobody'))).status).toBe(404)
      expect((await call('POST', base, volume)).status).toBe(409)
    }))
})

describe('attaching a volume', () => {
  test('deploys the service again with it, and detaching without it', () =>
    withShop(async (api) => {
      const first = await deployed(api, 'web')
      const attached = await api.ok('POST', `${base}/files/attach`, to('web'))
      expect(attached).toMatchObject({ attachedObjects: [{ id: 'web', type: 'service' }] })
      const revision = await wanted(api, 'web')
      expect(revision).toMatchObject({
        reason: 'config',
        config: { volumes: [{ volumeId: 'files', disk: 'disk-files', path: '/data', folder: '' }] },
      })
      expect(revision.id).not.toBe(first)
      // Asking again changes nothing.
      await api.ok('POST', `${base}/files/attach`, to('web'))
      expect((await wanted(api, 'web')).id).toBe(revision.id)

      await api.ok('POST', `${base}/files`, { mounts: [{ containerMountPath: '/srv/files/' }] })
      expect((await wanted(api, 'web')).config.volumes).toMatchObject([{ path: '/srv/files' }])

      await api.ok('POST', `${base}/files/detach`, to('web'))
      expect((await wanted(api, 'web')).config).not.toHaveProperty('volumes')
    }))

  test('is refused for several instances, and several instances afterwards, with the reason', () =>
    withShop(async (api) => {
      const many = await api.call('POST', `${base}/files/attach`, to('many'))
      expect([many.status, JSON.stringify(many.body)]).toEqual([409, expect.stringMatching(/Scale it to 1/)])
      await api.ok('POST', `${base}/files/attach`, to('web'))
      const scaled = await api.call('POST', '/v1/projects/shop/services/web/scale', { instances: 2 })
      expect([scaled.status, JSON.stringify(scaled.body)]).toEqual([
        400,
        expect.stringMatching(/at most one instance, because/),
      ])
      const patched = await api.call('PATCH', '/v1/projects/shop/services/deployment/web', {
        deployment: { instances: 4 },
      })
      expect(patched.status).toBe(400)
    }))

  test('is refused while another service has the volume or still runs with it, and for jobs', () =>
    withShop(async (api) => {
      const revision = await deployed(api, 'web')
      await api.ok('POST', `${base}/files/attach`, to('web'))
      const taken = await api.call('POST', `${base}/files/attach`, to('other'))
      expect([taken.status, JSON.stringify(taken.body)]).toEqual([409, expect.stringMatching(/Detach it/)])
      const job = await api.call('POST', `${base}/files/attach`, to('night', 'job'))
      expect(job.status).toBe(501)

      // The version with the volume runs; the one without it is still on its way.
      const current = await wanted(api, 'web')
      expect(current.id).not.toBe(revision)
      await api.db
        .updateTable('service')
        .set({ current_revision: current.id })
        .where('id', '=', 'web')
        .execute()
      await api.ok('POST', `${base}/files/detach`)
      const early = await api.call('POST', `${base}/files/attach`, to('other'))
      expect([early.status, JSON.stringify(early.body)]).toEqual([
        409,
        expect.stringMatching(/web.* still uses the volume/),
      ])
      expect((await api.call('DELETE', `${base}/files`)).status).toBe(409)
    }))

  test('keeps it from being deleted', () =>
    withShop(async (api) => {
      await api.ok('POST', `${base}/files/attach`, to('web'))
      const kept = await api.call('DELETE', `${base}/files`)
      expect([kept.status, JSON.stringify(kept.body)]).toEqual([
        409,
        expect.stringMatching(/Detach it first/),
      ])
    }))

  test('of two volumes at one path is refused', () =>
    withShop(async (api) => {
      await api.ok('POST', base, { ...volume, name: 'Second' })
      await api.ok('POST', `${base}/files/attach`, to('web'))
      const clash = await api.call('POST', `${base}/second/attach`, to('web'))
      expect([clash.status, JSON.stringify(clash.body)]).toEqual([
        400,
        expect.stringMatching(/taken by the volume \\"files\\"/),
      ])
      await api.ok('POST', `${base}/second`, { mounts: [{ containerMountPath: '/more' }] })
      await api.ok('POST', `${base}/second/attach`, to('web'))
    }))

  test('can be asked for when either is created', () =>
    withShop(async (api) => {
      await api.ok('POST', base, { ...volume, name: 'Second', attachedObjects: [to('web').nfObject] })
      expect(await api.ok('GET', `${base}/second`)).toMatchObject({ attachedObjects: [{ id: 'web' }] })
      const body = service('new', 1, { createOptions: { volumesToAttach: ['files'] } })
      await api.ok('POST', '/v1/projects/shop/services/deployment', body)
      expect(await api.ok('GET', `${base}/files`)).toMatchObject({ attachedObjects: [{ id: 'new' }] })
    }))
})

describe('backups and copies of volumes over HTTP', () => {
  test('a backup is asked for, shown and deleted; only of a volume that is there', () =>
    withShop(async (api) => {
      const backup = await api.ok('POST', `${base}/files/backups`, { name: 'Before' })
      expect(backup).toMatchObject({
        name: 'Before',
        status: 'scheduled',
        source: { type: 'volume', sourceObject: { id: 'files', spec: { storageSize: 1024 } } },
      })
      expect(await api.ok('GET', `${base}/files/backups`)).toHaveLength(1)
      const busy = await api.call('DELETE', `${base}/files`)
      expect([busy.status, JSON.stringify(busy.body)]).toEqual([409, expect.stringMatching(/under way/)])
      const one = `${base}/files/backups/${backup.id}`
      expect(await api.ok('GET', one)).toMatchObject({ id: backup.id })
      await api.ok('DELETE', one)
      expect((await api.call('GET', one)).status).toBe(404)
      expect((await api.call('GET', `${base}/files/backups/nonsense`)).status).toBe(404)
      await api.ok('POST', base, { ...volume, name: 'Second' })
      const early = await api.call('POST', `${base}/second/backups`, { name: 'Early' })
      expect([early.status, JSON.stringify(early.body)]).toEqual([409, expect.stringMatching(/is PENDING/)])
    }))

  test('a copy names its source, which stays until it is copied, and is as large at least', () =>
    withShop(async (api) => {
      const copy = { ...volume, name: 'Copy', source: { type: 'volume', sourceId: 'files' } }
      const small = await api.call('POST', base, { ...copy, spec: { storageSize: 512 } })
      expect(JSON.stringify(small.body)).toMatch(/at least that of the source: 1024 MB/)
      const missing = await api.call('POST', base, { ...copy, source: { type: 'backup', sourceId: 'x' } })
      expect(missing.status).toBe(404)
      const unfinished = await api.ok('POST', `${base}/files/backups`, { name: 'Before' })
      const source = { type: 'backup', sourceId: `files/${unfinished.id}` }
      expect((await api.call('POST', base, { ...copy, source })).status).toBe(409)
      await api.db.updateTable('volume_backup').set({ status: 'completed' }).execute()
      const fromBackup = await api.ok('POST', base, { ...copy, name: 'From backup', source })
      expect(fromBackup).toMatchObject({ source: { type: 'backup', sourceId: unfinished.id } })
      const read = await api.call('DELETE', `${base}/files/backups/${unfinished.id}`)
      expect([read.status, JSON.stringify(read.body)]).toEqual([
        409,
        expect.stringMatching(/from-backup.* is being made/),
      ])
      await api.ok('POST', base, copy)
      const kept = await api.call('DELETE', `${base}/files`)
      expect([kept.status, JSON.stringify(kept.body)]).toEqual([
        409,
        expect.stringMatching(/being made from/),
      ])
    }))
})
