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
