import { describe, expect, test } from 'vitest'
import { readEvents } from '../../db/event-log.ts'
import { recordEvent } from '../../db/events.ts'
import { flowRules } from '../../flows/rules.ts'
import { type TestApi, withTestApi } from '../test-api.ts'

const FLOW = '/v1/projects/shop/pipelines/shop/release-flows'
const NO_RUN = '00000000-0000-4000-8000-000000000000'

const approval = { kind: 'Approval', ref: 'go', spec: { amount: 1 } }
const documentOf = (...steps: unknown[]) => ({
  apiVersion: 'v1.2',
  arguments: { WHO: 'ann' },
  options: { concurrencyPolicy: 'queue' },
  spec: { kind: 'Workflow', spec: { type: 'sequential', steps } },
})

const withShop = (work: (api: TestApi) => Promise<void>) =>
  withTestApi(
    async (api) => {
      await api.db.insertInto('project').values({ id: 'shop', name: 'shop' }).execute()
      await api.db.insertInto('pipeline').values({ project_id: 'shop', id: 'shop', name: 'shop' }).execute()
      await work(api)
    },
    { deps: { flowRules } },
  )

type Run = { id: string; status: string; spec: { response: unknown; spec: { steps: unknown[] } } }

describe('release flows over HTTP', () => {
  test('200: a flow is saved and read, with its stage in any case, and without the overrides it was given', () =>
    withShop(async ({ ok }) => {
      const saved = await ok('POST', `${FLOW}/production`, {
        ...documentOf(approval),
        argumentOverrides: { TOKEN: 'top secret value' },
      })
      expect(saved).toMatchObject({
        stage: 'Production',
        version: 1,
        status: 'unknown',
        concurrencyPolicy: 'queue',
        paused: false,
        argumentOverrideNames: ['TOKEN'],
      })
      expect(JSON.stringify(await ok('GET', `${FLOW}/PRODUCTION`))).not.toContain('top secret value')
      expect(await ok('POST', `${FLOW}/Production`, documentOf(approval))).toMatchObject({ version: 1 })
      expect(
        await ok(
          'POST',
          `${FLOW}/Production`,
          documentOf(approval, { kind: 'Approval', spec: { amount: 2 } }),
        ),
      ).toMatchObject({
        version: 2,
        argumentOverrideNames: ['TOKEN'],
      })
    }))

  test('200: a run is started, listed, filtered, read with a response on each node, and aborted', () =>
    withShop(async ({ ok }) => {
      await ok('POST', `${FLOW}/production`, documentOf(approval))
      const body = { name: 'Autumn', description: 'Release', arguments: { WHO: 'bob' } }
      const run = await ok<Run>('POST', `${FLOW}/production/runs`, body)
      expect(run).toMatchObject({
        name: 'Autumn',
        status: 'pending',
        concluded: false,
        argumentNames: ['WHO'],
      })
      expect(run.spec).toMatchObject({
        settings: { maxAttempts: 3, backoff: { type: 'fixed', delay: 60 } },
        response: { status: 'waiting' },
        spec: { steps: [{ kind: 'Approval', response: { status: 'waiting' } }] },
      })

      const waiting = await ok<Run>('POST', `${FLOW}/production/runs`, {})
      expect(waiting.status).toBe('queued')
      expect(await ok('GET', `${FLOW}/production/runs?status=queued`)).toMatchObject({
        runs: [{ id: waiting.id }],
      })
      expect(await ok('GET', `${FLOW}/production/runs?concluded=true`)).toEqual({ runs: [] })
      expect(await ok('GET', `${FLOW}/production`)).toMatchObject({ status: 'queued' })

      expect(await ok('POST', `${FLOW}/production/runs/${waiting.id}/abort`)).toMatchObject({
        status: 'aborted',
        concluded: true,
      })
    }))

  test('200: runs are filtered by kind and trigger', () =>
    withShop(async ({ ok }) => {
      await ok('POST', `${FLOW}/production`, documentOf(approval))
      const run = await ok<Run>('POST', `${FLOW}/production/runs`, {})
      const idsOf = async (query: string) =>
        (await ok<{ runs: Run[] }>('GET', `${FLOW}/production/runs?${query}`)).runs.map(({ id }) => id)
      expect(await idsOf('kind=release&trigger=manual')).toEqual([run.id])
      expect(await idsOf('kind=rollback')).toEqual([])
      expect(await idsOf('trigger=automatic')).toEqual([])
    }))

  test('200: every version is kept, and read with its document', () =>
    withShop(async ({ ok, call }) => {
      await ok('POST', `${FLOW}/production`, documentOf(approval))
      await ok('POST', `${FLOW}/production`, documentOf({ ...approval, spec: { amount: 2 } }))
      expect(await ok('GET', `${FLOW}/production/versions`)).toMatchObject({
        versions: [
          { version: 2, current: true, createdAt: expect.any(String) },
          { version: 1, current: false },
        ],
      })
      expect(await ok('GET', `${FLOW}/production/versions/1`)).toMatchObject({
        version: 1,
        document: documentOf(approval),
      })
      expect((await call('GET', `${FLOW}/production/versions/3`)).status).toBe(404)
      expect((await call('GET', `${FLOW}/production/versions/x`)).status).toBe(400)
      expect((await call('GET', `${FLOW}/staging/versions`)).status).toBe(404)
    }))

  test('200: a plan is told without running anything', () =>
    withShop(async ({ ok }) => {
      await ok('POST', `${FLOW}/production`, documentOf(approval))
      const query = encodeURIComponent(JSON.stringify({ WHO: 'bob' }))
      expect(await ok('GET', `${FLOW}/production/plan?arguments=${query}`)).toEqual({
        changes: [],
        steps: ['Wait for 1 approval.'],
        warnings: [],
        irreversible: [],
      })
      expect(await ok('GET', `${FLOW}/production/runs`)).toEqual({ runs: [] })
    }))

  test.each([
    ['an unknown kind of step', documentOf({ kind: 'Teleport', spec: {} }), /steps\.0\.kind/],
    [
      'a dangling reference',
      documentOf({ kind: 'Approval', spec: { amount: '${refs.gone.x}' } }),
      /no step or trigger has the ref/,
    ],
    ['a target outside the stage', documentOf({ kind: 'JobRun', spec: { jobId: 'other' } }), /jobId/],
    ['an unknown field', { ...documentOf(approval), colour: 'red' }, /colour/],
  ])('400: %s, named with its place; nothing is saved', (_, document, place) =>
    withShop(async ({ call }) => {
      const answer = await call('POST', `${FLOW}/production`, document)
      expect(answer.status).toBe(400)
      expect(JSON.stringify(answer.body)).toMatch(place)
      expect((await call('GET', `${FLOW}/production`)).status).toBe(404)
    }),
  )

  test('400: bad ids, stages and bodies of runs; 404: what is not there', () =>
    withShop(async ({ call, ok }) => {
      expect((await call('GET', `${FLOW}/weekend`)).status).toBe(400)
      expect((await call('GET', `${FLOW}/production/runs/nonsense`)).status).toBe(400)
      expect((await call('GET', `${FLOW}/production/runs/${NO_RUN}`)).status).toBe(404)
      await ok('POST', `${FLOW}/production`, documentOf(approval))
      expect((await call('GET', `${FLOW}/production/runs/${NO_RUN}`)).status).toBe(404)
      const overridden = await call('POST', `${FLOW}/production/runs`, {
        overrides: { gone: { branch: 'x' } },
      })
      expect(overridden.status).toBe(400)
      expect((await call('POST', `${FLOW}/production/runs`, { colour: 'red' })).status).toBe(400)
      expect((await call('GET', `${FLOW}/production/plan?arguments=no`)).status).toBe(400)
    }))

  test('409: what does not fit the state of a run', () =>
    withShop(async ({ call, ok }) => {
      await ok('POST', `${FLOW}/production`, documentOf(approval))
      const { id } = await ok<Run>('POST', `${FLOW}/production/runs`, {})
      const run = `${FLOW}/production/runs/${id}`
      expect((await call('POST', `${run}/retry`)).status).toBe(409)
      expect((await call('POST', `${run}/rollback`, {})).status).toBe(409)
      expect((await call('GET', `${run}/rollback/plan`)).status).toBe(409)
      await ok('POST', `${run}/abort`)
      expect((await call('POST', `${run}/abort`)).status).toBe(409)
    }))

  test('403: a token that may only read starts and approves nothing', () =>
    withShop(async ({ call, ok, tokens }) => {
      await ok('POST', `${FLOW}/production`, documentOf(approval))
      const options = { token: tokens.read }
      expect((await call('POST', `${FLOW}/production/runs`, {}, options)).status).toBe(403)
      const { id } = await ok<Run>('POST', `${FLOW}/production/runs`, {})
      const answer = { verdict: 'approved' }
      expect((await call('POST', `${FLOW}/production/runs/${id}/approvals`, answer, options)).status).toBe(
        403,
      )
    }))

  test('holds are listed, and lifted once', () =>
    withShop(async ({ call, ok, db }) => {
      const hold = {
        project_id: 'shop',
        target_kind: 'service',
        target_id: 'web',
        reason: 'It was rolled back.',
      }
      await db
        .insertInto('hold')
        .values({ ...hold, artifact_digest: 'sha256:1' })
        .execute()
      expect(await ok('GET', '/v1/projects/shop/holds')).toMatchObject({
        holds: [{ targetType: 'service', targetId: 'web', digest: 'sha256:1' }],
      })
      await ok('DELETE', '/v1/projects/shop/holds/service/web/sha256:1')
      expect((await call('DELETE', '/v1/projects/shop/holds/service/web/sha256:1')).status).toBe(404)
    }))
})

test('a run is followed live: from its beginning, and with after=latest only from now on', () =>
  withShop(async ({ ok, url, tokens, db }) => {
    await ok('POST', `${FLOW}/production`, documentOf(approval))
    const { id } = await ok<Run>('POST', `${FLOW}/production/runs`, {})
    // An event counts as past once every transaction that was older than it is over, those of other tests too.
    const begin = { after: { tx: '0', id: 0 }, limit: 1 }
    let past = false
    while (!past) past = (await readEvents(db, { subject: id }, begin)).rows.length > 0
    const seen = { all: '', latest: '' }
    const follow = async (which: 'all' | 'latest', query: string): Promise<void> => {
      const response = await fetch(`${url}${FLOW}/production/runs/${id}/events${query}`, {
        headers: { authorization: `Bearer ${tokens.read}` },
        signal: AbortSignal.timeout(10_000),
      })
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        seen[which] += chunk
        if (seen[which].includes('run.aborted')) return
      }
    }
    const both = Promise.all([follow('all', ''), follow('latest', '?after=latest')])
    // Both listen once each has seen something new.
    while (!seen.all.includes('run.tick') || !seen.latest.includes('run.tick'))
      await recordEvent(db, { topic: 'run', subject: id, type: 'run.tick' })
    await ok('POST', `${FLOW}/production/runs/${id}/abort`)
    await both
    expect(seen.all).toContain('run.pending')
    expect(seen.latest).not.toContain('run.pending')
  }))
