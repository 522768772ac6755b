import { describe, expect, test } from 'vitest'
import { transaction } from '../db/db.ts'
import { createToken } from '../operations/tokens/create.ts'
import { withTestApi } from './test-api.ts'

type ErrorAnswer = {
  error: { status: number; id: string; message: string; details: Record<string, unknown> }
}
const errorOf = (body: unknown): ErrorAnswer['error'] => (body as ErrorAnswer).error

describe('200', () => {
  test('every route is there with and without the team in its path', () =>
    withTestApi(async ({ ok }) => {
      await ok('POST', '/v1/projects', { name: 'Shop demo' })
      const plain = await ok('GET', '/v1/projects')
      expect(plain).toEqual(await ok('GET', '/v1/teams/default/projects'))
      expect(plain).toMatchObject({ projects: [{ id: 'shop-demo', name: 'Shop demo' }] })
    }))

  test('a list is answered part by part, each row once', () =>
    withTestApi(async ({ ok, call }) => {
      for (const name of ['one', 'two', 'three', 'four', 'five']) await ok('POST', '/v1/tags', { name })
      const seen: string[] = []
      let query = '?per_page=2'
      for (let part = 0; part < 3; part += 1) {
        const { body } = await call('GET', `/v1/tags${query}`)
        const { data, pagination } = body as {
          data: { tags: { id: string }[] }
          pagination: { hasNextPage: boolean; cursor?: string; count: number }
        }
        seen.push(...data.tags.map(({ id }) => id))
        expect(pagination).toMatchObject({ hasNextPage: part < 2, count: part < 2 ? 2 : 1 })
        query = `?per_page=2&cursor=${pagination.cursor}`
      }
      expect(seen).toEqual(['five', 'four', 'one', 'three', 'two'])
    }))

  test('an action without a body is accepted whatever its content type says', () =>
    withTestApi(async ({ call, ok }) => {
      await ok('POST', '/v1/tags', { name: 'web' })
      const answer = await call('DELETE', '/v1/tags/web', undefined, {
        headers: { 'content-type': 'application/json' },
      })
      expect(answer).toMatchObject({ status: 200, body: { data: {} } })
    }))

  test('documents and health need no token', () =>
    withTestApi(async ({ call }) => {
      for (const path of ['/healthz', '/readyz', '/v1/openapi.json', '/v1/swagger-json', '/v1/docs']) {
        expect((await call('GET', path, undefined, { token: undefined })).status).toBe(200)
      }
    }))
})

describe('400', () => {
  test('names each field with its rule, and keeps nothing', () =>
    withTestApi(async ({ call, ok }) => {
      const { status, body } = await call('POST', '/v1/projects', { name: 'a/b', color: 7, surprise: true })
      expect(status).toBe(400)
      expect(errorOf(body)).toMatchObject({ status: 400, id: 'invalid_request' })
      const problems = errorOf(body).details.problems as { field: string }[]
      expect(problems.map(({ field }) => field).sort()).toEqual(['color', 'name', 'surprise'])
      expect(errorOf(body).message).toMatch(/color: must be a string/)
      expect(await ok('GET', '/v1/projects')).toEqual({ projects: [] })
    }))

  test('a missing body says which field is required', () =>
    withTestApi(async ({ call }) => {
      const { status, body } = await call('POST', '/v1/projects')
      expect(status).toBe(400)
      expect(errorOf(body).message).toBe('name: is required')
    }))

  test.each(['{"name":', 'nonsense', '{"__proto__":{"a":1}}'])('a body that is not JSON: %s', (text) =>
    withTestApi(async ({ call }) => {
      const { status, body } = await call('POST', '/v1/projects', undefined, { text })
      expect([status, errorOf(body).id]).toEqual([400, 'malformed_json'])
    }),
  )

  test.each(['per_page=0', 'per_page=101', 'page=x', 'cursor=%00'])('a page that cannot be: %s', (query) =>
    withTestApi(async ({ call }) => {
      const { status, body } = await call('GET', `/v1/projects?${query}`)
      expect(status).toBe(400)
      expect(errorOf(body).message).toContain(query.split('=')[0])
    }),
  )
})

describe('401', () => {
  test('no token, an unknown one, and one that is no bearer token', () =>
    withTestApi(async ({ call, tokens }) => {
      for (const headers of [
        {},
        { authorization: 'Bearer nobody' },
        { authorization: `Basic ${tokens.admin}` },
      ]) {
        const { status, body } = await call('GET', '/v1/projects', undefined, { token: undefined, headers })
        expect([status, errorOf(body).id]).toEqual([401, 'unauthorized'])
      }
    }))

  test('a token that has expired, and one that was revoked', () =>
    withTestApi(async ({ call, ok, db }) => {
      const expired = await transaction(db, (tx) =>
        createToken(tx, {
          name: 'old',
          permission: 'read',
          expiresAt: new Date(Date.now() - 1),
          actor: 'test',
        }),
      )
      expect((await call('GET', '/v1/login', undefined, { token: expired.token })).status).toBe(401)
      const { id, token } = await ok<{ id: string; token: string }>('POST', '/v1/tokens', {
        name: 'short',
        permission: 'read',
      })
      expect((await call('GET', '/v1/login', undefined, { token })).status).toBe(200)
      await ok('DELETE', `/v1/tokens/${id}`)
      expect((await call('GET', '/v1/login', undefined, { token })).status).toBe(401)
    }))
})

describe('403', () => {
  test('reading tokens may not write, writing tokens may not make tokens', () =>
    withTestApi(async ({ call, tokens }) => {
      const write = await call('POST', '/v1/projects', { name: 'More' }, { token: tokens.read })
      expect([write.status, errorOf(write.body).id]).toEqual([403, 'forbidden'])
      const admin = await call('POST', '/v1/tokens', { name: 'mine' }, { token: tokens.write })
      expect(admin.status).toBe(403)
    }))
})

describe('404', () => {
  test('an unknown route points to the list of routes', () =>
    withTestApi(async ({ call }) => {
      const { status, body } = await call('GET', '/v1/nothing')
      expect([status, errorOf(body).id]).toEqual([404, 'not_found'])
      expect(errorOf(body).message).toContain('/v1/docs')
    }))

  test.each([
    '/v1/projects/nope',
    '/v1/projects/nope/pipelines',
    '/v1/teams/other/projects',
    '/v1/tags/nope',
  ])('what is not there is named: %s', (path) =>
    withTestApi(async ({ call }) => {
      const { status, body } = await call('GET', path)
      expect(status).toBe(404)
      expect(errorOf(body).message).toMatch(/nope|other/)
    }),
  )
})

describe('409', () => {
  test('a name that is taken', () =>
    withTestApi(async ({ call, ok }) => {
      await ok('POST', '/v1/projects', { name: 'Shop demo' })
      const { status, body } = await call('POST', '/v1/projects', { name: 'shop Demo' })
      expect([status, errorOf(body).id]).toEqual([409, 'name_taken'])
    }))

  test('nothing can be created in a project that is being deleted', () =>
    withTestApi(async ({ call, ok }) => {
      await ok('POST', '/v1/projects', { name: 'Going' })
      await ok('DELETE', '/v1/projects/going')
      await ok('DELETE', '/v1/projects/going')
      const { status } = await call('POST', '/v1/projects/going/pipelines', { name: 'late' })
      expect(status).toBe(409)
    }))
})

describe('413, 415 and 500', () => {
  test('a body over the limit', () =>
    withTestApi(async ({ call }) => {
      const { status, body } = await call('POST', '/v1/projects', { name: 'x'.repeat(5_000_000) })
      expect([status, errorOf(body).id]).toEqual([413, 'body_too_large'])
    }))

  test('a body that is not JSON by its type', () =>
    withTestApi(async ({ call }) => {
      const { status, body } = await call('POST', '/v1/projects', undefined, {
        text: 'name=x',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      })
      expect([status, errorOf(body).id]).toEqual([415, 'unsupported_media_type'])
    }))

  test('what nobody foresaw is not shown to the caller', () =>
    withTestApi(async ({ call, db }) => {
      await db.schema.dropTable('tag').execute()
      const { status, body } = await call('GET', '/v1/tags')
      expect([status, errorOf(body).id]).toEqual([500, 'internal'])
      expect(JSON.stringify(body)).not.toMatch(/relation|tag"/)
    }))
})
