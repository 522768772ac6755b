import { expect, test } from 'vitest'
import { findGitopsLinkOfFlow, updateGitopsLink } from '../../db/gitops-links.ts'
import { flowRules } from '../../flows/rules.ts'
import { type TestApi, withTestApi } from '../test-api.ts'

const FLOW = '/v1/projects/shop/pipelines/shop/release-flows/production'
const key = { projectId: 'shop', pipelineId: 'shop', stage: 'Production' } as const
const gitops = { repoUrl: 'https://git.example/shop.git', branch: 'main', filePath: '/flows/production.json' }
const document = {
  apiVersion: 'v1.2',
  spec: {
    kind: 'Workflow',
    spec: { type: 'sequential', steps: [{ kind: 'Approval', spec: { amount: 1 } }] },
  },
}

const withShop = (work: (api: TestApi) => Promise<void>) =>
  withTestApi(
    async (api) => {
      await api.db.insertInto('project').values({ id: 'shop', name: 'shop' }).execute()
      await api.db.insertInto('pipeline').values({ project_id: 'shop', id: 'shop', name: 'shop' }).execute()
      await work(api)
    },
    { deps: { flowRules } },
  )

test('200: a flow is linked by its field, which it shows, which a save without it leaves, and which null removes', () =>
  withShop(async ({ ok, call }) => {
    expect(await ok('POST', FLOW, { ...document, gitops })).toMatchObject({ version: 1, gitops })
    expect(await ok('POST', FLOW, document)).toMatchObject({ version: 1, gitops })
    expect(await ok('POST', FLOW, { ...document, gitops: {} })).toMatchObject({ version: 1, gitops })
    expect(await ok('GET', `${FLOW}/gitops`)).toEqual({
      ...gitops,
      state: 'pending',
      message: null,
      line: null,
      lastCommitSeen: null,
      lastApplied: null,
      checkedAt: null,
      sides: null,
    })
    expect(await ok('POST', FLOW, { ...document, gitops: null })).not.toHaveProperty('gitops')
    const gone = await call('GET', `${FLOW}/gitops`)
    expect(gone.status).toBe(404)
    expect(JSON.stringify(gone.body)).toMatch(/not linked to git/)
  }))

test('200: a conflict shows both sides; 202: it is decided once somebody looked at the newest commit', () =>
  withShop(async ({ ok, call, db }) => {
    await ok('POST', FLOW, { ...document, gitops })
    expect((await call('POST', `${FLOW}/gitops/take-git`, {})).status).toBe(409)
    const link = await findGitopsLinkOfFlow(db, key)
    await db.transaction().execute((tx) =>
      updateGitopsLink(tx, link?.id ?? '', {
        state: 'conflict',
        message: 'Both changed.',
        head_sha: 'a'.repeat(40),
        base_version: 1,
        seen_blob: 'b'.repeat(40),
        seen_text: '{\n\t"apiVersion": "v1"\n}\n',
      }),
    )
    expect(await ok('GET', `${FLOW}/gitops`)).toMatchObject({
      state: 'conflict',
      sides: {
        git: { commit: 'a'.repeat(40), text: '{\n\t"apiVersion": "v1"\n}\n' },
        fairway: { version: 1, text: expect.stringMatching(/^\{\n\t"apiVersion": "v1.2",\n\t"spec"/) },
      },
    })
    const old = await call('POST', `${FLOW}/gitops/take-fairway`, { commit: 'c'.repeat(40) })
    expect(old.status).toBe(409)
    expect((await call('POST', `${FLOW}/gitops/take-fairway`, { commit: 'a'.repeat(40) })).status).toBe(202)
    expect((await call('POST', `${FLOW}/gitops/take-git`)).status).toBe(202)
    expect((await call('POST', `${FLOW}/gitops/sync`)).status).toBe(202)
  }))

test.each([
  [{ branch: '--upload-pack=touch /tmp/x' }],
  [{ repoUrl: '--upload-pack=x' }],
  [{ filePath: '/a/../../etc/passwd' }],
  [{ colour: 'red' }],
])('400: a link with %j; nothing is saved', (bad) =>
  withShop(async ({ call }) => {
    const answer = await call('POST', FLOW, { ...document, gitops: { ...gitops, ...bad } })
    expect(answer.status).toBe(400)
    expect(JSON.stringify(answer.body)).toContain(`gitops.${Object.keys(bad)[0]}`)
    expect((await call('GET', FLOW)).status).toBe(404)
  }),
)

test('403: a token that may only read sees the link and decides nothing', () =>
  withShop(async ({ ok, call, tokens }) => {
    await ok('POST', FLOW, { ...document, gitops })
    const options = { token: tokens.read }
    expect((await call('GET', `${FLOW}/gitops`, undefined, options)).status).toBe(200)
    for (const act of ['sync', 'take-git', 'take-fairway'])
      expect((await call('POST', `${FLOW}/gitops/${act}`, undefined, options)).status).toBe(403)
  }))
