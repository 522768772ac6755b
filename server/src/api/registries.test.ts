import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { type TestApi, withTestApi } from './test-api.ts'

const PATH = '/v1/integrations/registries'
const PASSWORD = 'pass-word-of-ann'
const mine = {
  name: 'My Registry',
  provider: 'custom',
  registryUrl: 'https://Registry.Example.com:5000/v2/',
  credentials: { username: 'ann', password: PASSWORD },
}

/** Everything a person may read of it, and what lies in the database. */
async function everywhere(api: TestApi): Promise<string> {
  const answers = await Promise.all([api.call('GET', PATH), api.call('GET', `${PATH}/my-registry`)])
  const { rows } = await sql`select row_to_json(registry_credential) from registry_credential`.execute(api.db)
  const { rows: events } = await sql`select * from event`.execute(api.db)
  return JSON.stringify([answers.map(({ body }) => body), rows, events])
}

describe('saved registry credentials', () => {
  test('are saved under the slug of their name, by the host that references name, and listed', () =>
    withTestApi(async (api) => {
      const saved = await api.ok('POST', PATH, mine)
      expect(saved).toMatchObject({
        id: 'my-registry',
        name: 'My Registry',
        provider: 'custom',
        registryUrl: 'registry.example.com:5000',
        credentials: { username: 'ann', scope: { pull: true, push: false } },
        restrictions: { restricted: false, projects: [] },
      })
      expect(await api.ok('GET', `${PATH}/my-registry`)).toEqual(saved)
      expect(await api.ok('GET', PATH)).toMatchObject({ registries: [saved] })
      const hub = { ...mine, name: 'hub', provider: 'dockerhub', registryUrl: undefined }
      expect(await api.ok('POST', PATH, hub)).toMatchObject({ registryUrl: 'docker.io' })
    }))

  test('never show the password again, and do not hold it in the clear', () =>
    withTestApi(async (api) => {
      const saved = await api.ok('POST', PATH, mine)
      const changed = await api.ok('PATCH', `${PATH}/my-registry`, {
        credentials: { password: `new-${PASSWORD}` },
      })
      expect(JSON.stringify([saved, changed])).not.toContain(PASSWORD)
      const text = await everywhere(api)
      expect(text).not.toContain(PASSWORD)
      expect(text).not.toContain(Buffer.from(PASSWORD).toString('hex'))
      expect(text).not.toContain(Buffer.from(PASSWORD).toString('base64'))
    }))

  test('a patch changes what it names and nothing else', () =>
    withTestApi(async (api) => {
      await api.ok('POST', PATH, mine)
      await api.ok('PATCH', `${PATH}/my-registry`, {
        credentials: { username: 'ben', scope: { push: true } },
        restrictions: { restricted: true, projects: ['shop'] },
      })
      expect(await api.ok('GET', `${PATH}/my-registry`)).toMatchObject({
        registryUrl: 'registry.example.com:5000',
        credentials: { username: 'ben', scope: { pull: true, push: true } },
        restrictions: { restricted: true, projects: ['shop'] },
      })
    }))

  test('a name is taken once', () =>
    withTestApi(async (api) => {
      await api.ok('POST', PATH, mine)
      expect((await api.call('POST', PATH, mine)).status).toBe(409)
    }))

  test('a provider without one place needs to say where it is', () =>
    withTestApi(async (api) => {
      const { status, body } = await api.call('POST', PATH, {
        ...mine,
        provider: 'ecr',
        registryUrl: undefined,
      })
      expect(status).toBe(400)
      expect(JSON.stringify(body)).toContain('registryUrl')
    }))

  test('unused ones are forgotten; then they are not there', () =>
    withTestApi(async (api) => {
      await api.ok('POST', PATH, mine)
      await api.ok('DELETE', `${PATH}/my-registry`)
      for (const method of ['GET', 'DELETE'])
        expect((await api.call(method, `${PATH}/my-registry`)).status).toBe(404)
    }))

  test('only an admin saves, changes and forgets them', () =>
    withTestApi(async (api) => {
      await api.ok('POST', PATH, mine)
      const token = api.tokens.write
      expect((await api.call('POST', PATH, { ...mine, name: 'other' }, { token })).status).toBe(403)
      expect((await api.call('PATCH', `${PATH}/my-registry`, {}, { token })).status).toBe(403)
      expect((await api.call('DELETE', `${PATH}/my-registry`, undefined, { token })).status).toBe(403)
    }))
})
