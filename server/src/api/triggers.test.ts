import examples from '@octokit/webhooks-examples'
import { sign } from '@octokit/webhooks-methods'
import { describe, expect, it } from 'vitest'
import type { Db } from '../db/db.ts'
import { toJson, transaction } from '../db/db.ts'
import { recordTrigger } from '../operations/triggers/record.ts'
import { type TestApi, withTestApi } from './test-api.ts'

const SECRET = 'a long enough secret'
const published = examples as unknown as { name: string; examples: unknown[] }[]

async function account(api: TestApi, more: object = {}) {
  const body = { name: 'hub', host: 'github', webhookSecret: SECRET, ...more }
  return api.ok<{ id: string; webhook: { path: string } }>('POST', '/v1/integrations/vcs', body)
}

async function deliver(api: TestApi, path: string, body: unknown, headers: Record<string, string> = {}) {
  const text = JSON.stringify(body)
  const signature = await sign(SECRET, text)
  const all = { 'x-github-event': 'push', 'x-hub-signature-256': signature, ...headers }
  return api.call('POST', path, undefined, { token: undefined, text, headers: all })
}

async function project(db: Db): Promise<void> {
  await db.insertInto('project').values({ id: 'shop', name: 'Shop' }).execute()
  const spec = {
    vcsData: { projectUrl: 'https://github.com/codertocat/hello-world', projectBranch: 'master' },
  }
  const service = { project_id: 'shop', id: 'web', kind: 'combined', name: 'web', spec: toJson(spec) }
  await db.insertInto('service').values(service).execute()
}

const idOf = (answer: { body: unknown }) => (answer.body as { data: { id: string } }).data.id

describe('git accounts', () => {
  it('answer the secret of their webhook once, and never a credential', () =>
    withTestApi(async (api) => {
      const auth = { type: 'token', token: 'planted-token-1', username: 'ann' }
      const made = await api.ok('POST', '/v1/integrations/vcs', { name: 'My hub', host: 'gitlab', auth })
      expect(made).toMatchObject({
        id: 'my-hub',
        baseUrl: 'https://gitlab.com',
        webhookSecret: expect.stringMatching(/^[0-9a-f]{64}$/),
      })
      const patched = { auth: { type: 'token', token: 'planted-token-2' } }
      const answers = [
        made,
        await api.ok('GET', '/v1/integrations/vcs'),
        await api.ok('PATCH', '/v1/integrations/vcs/my-hub', patched),
        await api.ok('GET', '/v1/integrations/vcs/my-hub'),
      ]
      expect(JSON.stringify(answers)).not.toContain('planted-token')
      expect(JSON.stringify(answers.slice(1))).not.toContain(made.webhookSecret)
      await api.ok('DELETE', '/v1/integrations/vcs/my-hub')
      expect((await api.call('GET', '/v1/integrations/vcs/my-hub')).status).toBe(404)
    }))

  it.each([
    [{ host: 'gitea' }, 'baseUrl'],
    [{ host: 'gitea', baseUrl: 'https://git.example.com/x' }, 'baseUrl'],
    [
      { host: 'gitlab', auth: { type: 'github-app', appId: '1', installationId: '1', privateKey: 'x' } },
      'auth',
    ],
    [{ auth: { type: 'token', token: 'a\nb' } }, 'auth.token'],
    [{ auth: { type: 'deploy-key', privateKey: 'x' } }, 'auth.privateKey'],
  ])('refuse %j', (more, field) =>
    withTestApi(async (api) => {
      const answer = await api.call('POST', '/v1/integrations/vcs', { name: 'hub', host: 'github', ...more })
      expect(answer.status).toBe(400)
      expect(JSON.stringify(answer.body)).toContain(field)
    }),
  )
})

describe('the webhook of a git host', () => {
  it('stores every published payload of GitHub and answers it with 202', () =>
    withTestApi(async (api) => {
      const { webhook } = await account(api)
      for (const { name, examples: bodies } of published)
        for (const body of bodies) {
          const answer = await deliver(api, webhook.path, body, { 'x-github-event': name })
          expect([name, answer.status]).toEqual([name, 202])
        }
    }))

  it('answers the same delivery alike and lists it once', () =>
    withTestApi(async (api) => {
      const { id, webhook } = await account(api)
      const headers = { 'x-github-delivery': 'one' }
      const first = await deliver(api, webhook.path, { zen: 1 }, headers)
      const again = await deliver(api, webhook.path, { zen: 1 }, headers)
      expect([again.status, again.body]).toEqual([first.status, first.body])
      const list = await api.ok<{ triggers: { id: string }[] }>(
        'GET',
        `/v1/integrations/vcs/${id}/deliveries`,
      )
      expect(list.triggers).toHaveLength(1)
      const shown = await api.ok<{ webhook: { lastDeliveryAt: string | null } }>(
        'GET',
        `/v1/integrations/vcs/${id}`,
      )
      expect(shown.webhook.lastDeliveryAt).not.toBeNull()
    }))

  it('refuses what is unsigned, of another type, no JSON, too large, or for nobody', () =>
    withTestApi(async (api) => {
      const { id, webhook } = await account(api)
      const call = (text: string, headers: Record<string, string>, path = webhook.path) =>
        api.call('POST', path, undefined, { token: undefined, text, headers })
      expect((await call('{}', {})).status).toBe(401)
      expect((await call('{}', { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` })).status).toBe(401)
      expect((await call('<x/>', { 'content-type': 'text/xml' })).status).toBe(415)
      const broken = { 'x-hub-signature-256': await sign(SECRET, '{') }
      expect((await call('{', broken)).status).toBe(400)
      expect((await call('{}', {}, '/v1/webhooks/git/nobody')).status).toBe(404)
      const large = await call('x'.repeat(26 * 1024 * 1024), {})
      expect([large.status, JSON.stringify(large.body)]).toEqual([413, expect.stringContaining('25 MiB')])
      const path = `/v1/integrations/vcs/${id}/deliveries`
      const { triggers } = await api.ok<{ triggers: { status: string }[] }>('GET', path)
      expect(triggers.map(({ status }) => status)).toEqual(['refused', 'refused', 'refused'])
    }))

  it('takes forms too, and speaks for repositories of its own host only', () =>
    withTestApi(async (api) => {
      const { id, webhook } = await account(api)
      const text = new URLSearchParams({ payload: JSON.stringify({ zen: 'x' }) }).toString()
      const headers = {
        'content-type': 'application/x-www-form-urlencoded',
        'x-github-event': 'ping',
        'x-hub-signature-256': await sign(SECRET, text),
      }
      const form = await api.call('POST', webhook.path, undefined, { token: undefined, text, headers })
      expect(form.status).toBe(202)
      const foreign = {
        ref: 'refs/heads/main',
        after: 'a'.repeat(40),
        repository: { full_name: 'a/b', clone_url: 'https://elsewhere.example.com/a/b.git' },
      }
      expect((await deliver(api, webhook.path, foreign)).status).toBe(202)
      const path = `/v1/integrations/vcs/${id}/deliveries`
      const { triggers } = await api.ok<{ triggers: { status: string; sentence: string }[] }>('GET', path)
      expect(triggers[0]).toMatchObject({
        status: 'refused',
        sentence: expect.stringContaining('github.com'),
      })
    }))
})

describe('the ledger of a project', () => {
  const seed = (db: Db, started: boolean, service = 'web') =>
    transaction(db, (tx) =>
      recordTrigger(tx, {
        source: 'api',
        projectId: 'shop',
        target: { kind: 'service', id: service },
        outcome: started ? { started: { kind: 'build', id: 'b-1' } } : { rule: 'ci-disabled' },
        sentence: 'A test.',
        actor: 'ann',
      }),
    )

  it('lists what concerned it, newest first, by verdict and by service', () =>
    withTestApi(async (api) => {
      await project(api.db)
      const { id: first } = await seed(api.db, true)
      const { id: second } = await seed(api.db, false, 'other')
      const list = async (query: string) =>
        (
          await api.ok<{ triggers: { id: string }[] }>('GET', `/v1/projects/shop/triggers${query}`)
        ).triggers.map(({ id }) => id)
      expect(await list('')).toEqual([second, first])
      expect(await list('?verdict=started')).toEqual([first])
      expect(await list('?verdict=refused')).toEqual([second])
      expect(await list('?service=web')).toEqual([first])
      expect(await list('?service=web&verdict=refused')).toEqual([])
      expect(await list('?source=cron')).toEqual([])
      expect(await list('?per_page=1&page=2')).toEqual([first])
      const shown = await api.ok('GET', `/v1/projects/shop/triggers/${first}`)
      expect(shown).toMatchObject({
        source: 'api',
        verdicts: [{ started: true, startedId: 'b-1', id: 'web' }],
      })
    }))

  it('shows nothing of other projects', () =>
    withTestApi(async (api) => {
      await project(api.db)
      await api.db.insertInto('project').values({ id: 'two', name: 'Two' }).execute()
      const { id } = await seed(api.db, true)
      expect(await api.ok('GET', '/v1/projects/two/triggers')).toEqual({ triggers: [] })
      expect((await api.call('GET', `/v1/projects/two/triggers/${id}`)).status).toBe(404)
      expect((await api.call('POST', `/v1/projects/two/triggers/${id}/replay`)).status).toBe(404)
    }))

  it('replays only what a git host said and what was judged', () =>
    withTestApi(async (api) => {
      await project(api.db)
      const { id } = await seed(api.db, true)
      expect((await api.call('POST', `/v1/projects/shop/triggers/${id}/replay`)).status).toBe(409)
      const { webhook } = await account(api)
      const push = published.find(({ name }) => name === 'push')?.examples[4]
      const event = idOf(await deliver(api, webhook.path, push))
      await api.db
        .updateTable('trigger_event')
        .set({ status: 'judged', project_id: 'shop' })
        .where('id', '=', event)
        .execute()
      const replay = await api.call('POST', `/v1/projects/shop/triggers/${event}/replay`)
      expect(replay.status).toBe(202)
      const row = await api.db
        .selectFrom('trigger_event')
        .selectAll()
        .where('id', '=', idOf(replay))
        .executeTakeFirstOrThrow()
      expect(row).toMatchObject({ replay_of: event, project_id: 'shop', status: 'pending' })
    }))
})
