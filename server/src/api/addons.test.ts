import { describe, expect, test } from 'vitest'
import { type Answer, withTestApi } from './test-api.ts'

/** The `data` of an answer. */
const dataOf = ({ body }: Answer): Record<string, unknown> => (body as { data: Record<string, unknown> }).data

const addon = { name: 'database', type: 'postgresql' }
const base = '/v1/projects/shop/addons'

describe('addons over HTTP', () => {
  test('200: created, listed, changed, backed up; no password shows but to those who may see it', () =>
    withTestApi(async ({ call }) => {
      await call('POST', '/v1/projects', { name: 'Shop' })
      const created = await call('POST', base, addon)
      expect(created).toMatchObject({
        status: 200,
        body: { data: { id: 'database', status: 'preDeployment' } },
      })
      expect(dataOf(await call('GET', base)).addons).toHaveLength(1)
      const changed = await call('PATCH', `${base}/database`, { description: 'orders' })
      expect(dataOf(changed).description).toBe('orders')
      const backup = await call('POST', `${base}/database/backups`, {})
      expect(dataOf(backup)).toMatchObject({
        status: 'scheduled',
        config: { source: { type: 'snapshot' } },
      })
      expect(dataOf(await call('GET', `${base}/database/backups`)).backups).toHaveLength(1)
      const all = JSON.stringify([created.body, (await call('GET', `${base}/database`)).body])
      expect(all).not.toMatch(/password/i)
    }))

  test('400: an unknown type and a retention beyond the limit name their field', () =>
    withTestApi(async ({ call }) => {
      await call('POST', '/v1/projects', { name: 'Shop' })
      const unknown = await call('POST', base, { ...addon, type: 'oracle' })
      expect(unknown).toMatchObject({ status: 400 })
      expect(JSON.stringify(unknown.body)).toMatch(/type/)
      const schedule = { scheduling: { interval: 'hourly', minute: [0] }, retentionTime: 30 }
      const long = await call('POST', base, { ...addon, backupSchedules: [schedule] })
      expect(JSON.stringify(long.body)).toMatch(/retentionTime/)
    }))

  test('501: without a Docker Engine other types and encryption are refused, and it says what to do', () =>
    withTestApi(async ({ call }) => {
      await call('POST', '/v1/projects', { name: 'Shop' })
      const redis = await call('POST', base, { name: 'cache', type: 'redis' })
      expect(redis).toMatchObject({
        status: 501,
        body: {
          error: {
            message:
              'Addons of type "redis" need a Docker Engine, and this Fairway runs without one. Set FAIRWAY_RUNTIME=docker, or choose a type that runs here: postgresql.',
          },
        },
      })
      expect(await call('POST', base, { ...addon, tlsEnabled: true })).toMatchObject({ status: 501 })
      await call('POST', base, addon)
      expect(await call('PATCH', `${base}/database`, { tlsEnabled: true })).toMatchObject({ status: 501 })
    }))

  test('with a Docker Engine Redis is created with encryption and scaled; storage and version are checked', () =>
    withTestApi(
      async ({ call, ok }) => {
        await call('POST', '/v1/projects', { name: 'Shop' })
        const redis = { name: 'cache', type: 'redis', tlsEnabled: true, billing: { storage: 1024 } }
        expect((await call('POST', base, { ...redis, version: '6' })).status).toBe(400)
        const created = await ok('POST', base, { ...redis, version: '7-latest' })
        expect(created).toMatchObject({ spec: { config: { networking: { tlsEnabled: true } } } })
        await ok('POST', `${base}/cache/scale`, { deploymentPlan: 'nf-compute-50', storage: 2048 })
        expect(await ok('GET', `${base}/cache`)).toMatchObject({
          spec: { config: { deployment: { planId: 'nf-compute-50', storageSize: 2048 } } },
        })
        const smaller = await call('POST', `${base}/cache/scale`, { storage: 1024 })
        expect(smaller.status).toBe(400)
        expect(JSON.stringify(smaller.body)).toMatch(/can only grow: it is 2048 MB/)
      },
      { deps: { addonOffers: async () => [{ type: 'redis', tls: true, versions: ['7'] }] } },
    ))

  test('404 and 409: nothing there, a name taken, credentials before it ran', () =>
    withTestApi(async ({ call }) => {
      expect((await call('POST', base, addon)).status).toBe(404)
      await call('POST', '/v1/projects', { name: 'Shop' })
      expect((await call('GET', `${base}/nothing`)).status).toBe(404)
      await call('POST', base, addon)
      expect((await call('POST', base, addon)).status).toBe(409)
      expect((await call('GET', `${base}/database/credentials`)).status).toBe(409)
    }))

  test('backup destinations: added, listed without keys, refused when wrong, removed', () =>
    withTestApi(async ({ call }) => {
      const credentials = {
        accessKey: 'AKIAEXAMPLE',
        secretKey: 'planted-secret-key',
        bucketName: 'backups',
        region: 'eu',
        endpoint: 'https://s3.example.com',
      }
      const added = await call('POST', '/v1/backup-destinations', {
        type: 's3',
        name: 'Offsite',
        credentials,
      })
      expect(added.status).toBe(200)
      const listed = await call('GET', '/v1/backup-destinations')
      expect(dataOf(listed).backupDestinations).toHaveLength(1)
      expect(JSON.stringify([added.body, listed.body])).not.toMatch(/planted-secret-key|AKIAEXAMPLE/)
      const wrong = await call('POST', '/v1/backup-destinations', {
        type: 'folder',
        name: 'Disk',
        path: '../x',
      })
      expect(wrong.status).toBe(400)
      expect((await call('DELETE', `/v1/backup-destinations/${dataOf(added).id}`)).status).toBe(200)
    }))
})
