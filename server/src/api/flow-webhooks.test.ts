import { describe, expect, it } from 'vitest'
import { flowRules } from '../flows/rules.ts'
import { type CallOptions, type TestApi, withTestApi } from './test-api.ts'

const FLOW = '/v1/projects/shop/pipelines/shop/release-flows/production'

const documentOf = (
  options: object = {},
  steps: unknown[] = [{ kind: 'Approval', spec: { amount: 1 } }],
) => ({
  apiVersion: 'v1.2',
  options,
  arguments: { WHO: 'ann' },
  triggers: [{ ref: 'app', repoUrl: 'https://git.example.com/a/b', branchRestrictions: ['main'] }],
  spec: { kind: 'Workflow', spec: { type: 'sequential', steps } },
})

type Hook = { token: string; path: string }
type Started = { data: { id: string; runId?: string; started: boolean } }
type Run = { id: string; name: string | null; status: string; description: string }
type Ledger = {
  triggers: { id: string; source: string; actor: string; verdicts: Record<string, unknown>[] }[]
}

/** As the outside calls: without a token of the API. */
const outside = async (api: TestApi, method: string, path: string, options: CallOptions = {}) => {
  const { status, body } = await api.call(method, path, undefined, { token: undefined, ...options })
  return { status, body: body as Started }
}

const withHook = (
  work: (api: TestApi, hook: Hook) => Promise<void>,
  document = documentOf(),
): Promise<void> =>
  withTestApi(
    async (api) => {
      await api.db.insertInto('project').values({ id: 'shop', name: 'shop' }).execute()
      await api.db.insertInto('pipeline').values({ project_id: 'shop', id: 'shop', name: 'shop' }).execute()
      await api.ok('POST', FLOW, document)
      await work(api, await api.ok<Hook>('POST', `${FLOW}/webhook`))
    },
    { deps: { flowRules } },
  )

const runsOf = async (api: TestApi) => (await api.ok<{ runs: Run[] }>('GET', `${FLOW}/runs`)).runs
const ledgerOf = async (api: TestApi) =>
  (await api.ok<Ledger>('GET', '/v1/projects/shop/triggers?source=webhook')).triggers

describe('the webhook of a release flow', () => {
  it('is started by GET, its query giving trigger values, labels and arguments', () =>
    withHook(async (api, { path }) => {
      const query = 'app.branch=main&app.sha=0123abc&app.pullRequestId=7&name=Autumn&description=why&WHO=bob'
      const { status, body } = await outside(api, 'GET', `${path}?${query}`)
      expect(status).toBe(200)
      const [run, ...others] = await runsOf(api)
      expect(others).toEqual([])
      expect(run).toMatchObject({
        id: body.data.runId,
        name: 'Autumn',
        description: 'why',
      })
      const row = await api.db.selectFrom('release_run').selectAll().executeTakeFirstOrThrow()
      expect(row).toMatchObject({
        trigger: 'automatic',
        argument_names: ['WHO'],
        overrides: { app: { branch: 'main', sha: '0123abc', pullRequestId: 7 } },
      })
      expect(await ledgerOf(api)).toMatchObject([
        {
          id: body.data.id,
          actor: 'webhook',
          verdicts: [{ kind: 'release-flow', id: 'shop/Production', started: true, startedId: run?.id }],
        },
      ])
      const ofFlow = (flow: string) =>
        api.ok<Ledger>('GET', `/v1/projects/shop/triggers?releaseFlow=shop/${flow}`)
      expect((await ofFlow('Production')).triggers).toHaveLength(1)
      expect((await ofFlow('Staging')).triggers).toEqual([])
    }))

  it('is started by POST, whose body gives the same by name and gives way to the query', () =>
    withHook(async (api, { path }) => {
      const text = JSON.stringify({
        'app.branch': 'x',
        WHO: 'body',
        repository: { tag: '1.2' },
        name: 'From body',
      })
      expect((await outside(api, 'POST', `${path}?app.branch=y`, { text })).status).toBe(200)
      expect((await outside(api, 'POST', path)).status).toBe(200)
      const rows = await api.db.selectFrom('release_run').selectAll().orderBy('number').execute()
      expect(rows).toMatchObject([
        { name: 'From body', argument_names: ['WHO', 'repository'], overrides: { app: { branch: 'y' } } },
        { name: null, argument_names: [], overrides: {} },
      ])
    }))

  it('answers 202 while triggers are paused, starts nothing, and says so in the ledger', () =>
    withHook(
      async (api, { path }) => {
        const { status, body } = await outside(api, 'GET', path)
        expect({ status, started: body.data.started }).toEqual({ status: 202, started: false })
        expect(await runsOf(api)).toEqual([])
        expect(await ledgerOf(api)).toMatchObject([{ verdicts: [{ started: false, rule: 'paused' }] }])
        await api.ok('POST', `${FLOW}/runs`, {})
        expect(await runsOf(api)).toHaveLength(1)
      },
      documentOf({ paused: true }),
    ))

  it('answers every token that is nobody’s alike, and a rotated or revoked one as if it never was', () =>
    withHook(async (api, { path }) => {
      const wrong = await outside(api, 'POST', '/v1/webhooks/release-flows/nonsense')
      const { path: second } = await api.ok<Hook>('POST', `${FLOW}/webhook`)
      const rotated = await outside(api, 'POST', path)
      expect(wrong.status).toBe(404)
      expect(rotated).toEqual(wrong)
      expect((await outside(api, 'POST', second)).status).toBe(200)
      await api.ok('DELETE', `${FLOW}/webhook`)
      expect(await outside(api, 'GET', second)).toEqual(wrong)
      expect((await api.call('DELETE', `${FLOW}/webhook`)).status).toBe(404)
      expect(await ledgerOf(api)).toHaveLength(1)
    }))

  it('shows its token once and keeps only a hash of it', () =>
    withHook(async (api, { token }) => {
      const seen = await api.ok('GET', `${FLOW}/webhook`)
      expect(seen).toMatchObject({ enabled: true, lastUsedAt: null })
      expect(JSON.stringify([seen, await api.ok('GET', FLOW)])).not.toContain(token)
      const row = await api.db.selectFrom('release_flow_webhook').selectAll().executeTakeFirstOrThrow()
      expect(row.token_hash.toString('utf8')).not.toContain(token)
      const events = await api.db.selectFrom('event').selectAll().execute()
      expect(JSON.stringify(events)).not.toContain(token)
    }))

  it('starts nothing for HEAD, which programs ask that look at links', () =>
    withHook(async (api, { path }) => {
      expect((await outside(api, 'HEAD', path)).status).toBe(404)
      expect(await runsOf(api)).toEqual([])
    }))

  it('starts once for calls of one idempotency key, however many come at once', () =>
    withHook(async (api, { path }) => {
      const headers = { 'idempotency-key': 'release-42' }
      const answers = await Promise.all([1, 2, 3, 4].map(() => outside(api, 'POST', path, { headers })))
      expect(new Set(answers.map(({ body }) => body.data.runId)).size).toBe(1)
      expect(await runsOf(api)).toHaveLength(1)
      await outside(api, 'POST', path, { headers: { 'idempotency-key': 'release-43' } })
      expect(await runsOf(api)).toHaveLength(2)
    }))

  it('meets the concurrency policy, and tells caller and ledger why nothing started', () =>
    withHook(
      async (api, { path }) => {
        expect((await outside(api, 'POST', path)).status).toBe(200)
        expect((await outside(api, 'POST', path)).status).toBe(409)
        expect(await runsOf(api)).toHaveLength(1)
        expect(await ledgerOf(api)).toMatchObject([
          { verdicts: [{ started: false, rule: 'concurrency' }] },
          { verdicts: [{ started: true }] },
        ])
      },
      documentOf({ concurrencyPolicy: 'forbid' }),
    ))

  it('stops flows that call each other in a circle', () =>
    withHook(async (api, { path }) => {
      const deep = await outside(api, 'POST', path, { headers: { 'x-fairway-depth': '11' } })
      expect(deep.status).toBe(409)
      expect(JSON.stringify(deep.body)).toContain('circle')
      expect(await ledgerOf(api)).toMatchObject([{ verdicts: [{ started: false, rule: 'cannot-start' }] }])
      expect((await outside(api, 'POST', path, { headers: { 'x-fairway-depth': '10' } })).status).toBe(200)
    }))

  it.each([
    ['?other.branch=x', undefined, 'other.branch'],
    ['?app.sha=nothex', undefined, 'app.sha'],
    ['?app.pullRequestId=seven', undefined, 'app.pullRequestId'],
    ['?app.colour=red', undefined, 'app.colour'],
    ['?a%20b=1', undefined, 'a b'],
    ['?__proto__.x=1', undefined, '__proto__'],
    [`?name=${'x'.repeat(101)}`, undefined, 'name'],
    ['', '[1]', 'JSON object'],
    ['', '{"a":', 'JSON'],
  ])('refuses %s %s with 400, naming what is wrong', (query, text, wrong) =>
    withHook(async (api, { path }) => {
      const answer = await outside(api, 'POST', path + query, text === undefined ? {} : { text })
      expect(answer.status).toBe(400)
      expect(JSON.stringify(answer.body)).toContain(wrong)
      expect(await runsOf(api)).toEqual([])
    }),
  )

  it('is made and removed only by those who may write', () =>
    withHook(async (api) => {
      const reader = { token: api.tokens.read }
      expect((await api.call('POST', `${FLOW}/webhook`, undefined, reader)).status).toBe(403)
      expect((await api.call('DELETE', `${FLOW}/webhook`, undefined, reader)).status).toBe(403)
      const staging = FLOW.replace('production', 'staging')
      expect((await api.call('POST', `${staging}/webhook`)).status).toBe(404)
    }))
})
