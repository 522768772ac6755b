import { describe, expect, test } from 'vitest'
import { flowRules } from '../../flows/rules.ts'
import { type TestApi, withTestApi } from '../test-api.ts'

const withTemplates = (work: (api: TestApi) => Promise<void>) =>
  withTestApi(
    async (api) => {
      await api.db.insertInto('project').values({ id: 'shop', name: 'shop' }).execute()
      await work(api)
    },
    { deps: { flowRules } },
  )

const project = { project: { spec: { name: 'Shop Two' } } }
const service = (name: string, spec: object = {}) => ({
  kind: 'DeploymentService',
  ref: name,
  spec: { name, ...spec },
})

const documentOf = (...steps: unknown[]) => ({
  apiVersion: 'v1.2',
  name: 'Set Up',
  description: 'all of it',
  spec: { kind: 'Workflow', spec: { type: 'sequential', steps } },
})

const problemsOf = ({ body }: { body: unknown }) =>
  (body as { error: { details?: { field: string; rule: string }[]; problems?: unknown } }).error

describe('templates over HTTP', () => {
  test('a template of the team is saved, read, listed, changed and deleted; its overrides are never shown', () =>
    withTemplates(async ({ ok, call }) => {
      const document = { ...documentOf(service('api')), ...project }
      const saved = await ok('POST', '/v1/templates', {
        ...document,
        argumentOverrides: { TOKEN: 'top secret value' },
      })
      expect(saved).toMatchObject({
        id: 'set-up',
        name: 'Set Up',
        version: 1,
        argumentOverrideNames: ['TOKEN'],
      })
      expect(JSON.stringify(await ok('GET', '/v1/templates/set-up'))).not.toContain('top secret value')
      expect(await ok('GET', '/v1/templates')).toMatchObject({
        templates: [{ id: 'set-up', description: 'all of it' }],
      })
      expect((await call('POST', '/v1/templates', document)).status).toBe(409)
      expect(await ok('PUT', '/v1/templates', document)).toMatchObject({ version: 1 })
      expect(await ok('PATCH', '/v1/templates/set-up', { description: 'new' })).toMatchObject({
        version: 2,
        description: 'new',
        argumentOverrideNames: ['TOKEN'],
      })
      await ok('DELETE', '/v1/templates/set-up')
      expect((await call('GET', '/v1/templates/set-up')).status).toBe(404)
    }))

  test('a draft runs only when it is published; a closed one never; each is decided once', () =>
    withTemplates(async ({ ok, call }) => {
      const at = '/v1/templates/set-up'
      const document = (name: string) => ({ ...documentOf(service(name)), ...project })
      const first = await ok('POST', '/v1/templates?draft=true', document('one'))
      expect(first).toMatchObject({ version: null, draft: 1 })
      expect((await call('POST', `${at}/runs`, {})).status).toBe(409)
      expect(await ok('POST', `${at}/versions/1/publish`)).toMatchObject({ version: 1 })
      expect(await ok('POST', `${at}?draft=true`, document('two'))).toMatchObject({ version: 1, draft: 2 })
      expect(await ok('GET', `${at}/dry-run`)).toMatchObject({ resources: [{}, { name: 'one' }] })
      expect(await ok('POST', `${at}/dry-run`, { version: 2 })).toMatchObject({
        resources: [{}, { name: 'two' }],
      })
      await ok('POST', `${at}/versions/2/close`)
      expect((await call('POST', `${at}/versions/2/publish`)).status).toBe(409)
      expect(await ok('GET', `${at}/versions`)).toMatchObject({
        versions: [
          { version: 2, status: 'closed', current: false },
          { version: 1, status: 'published', current: true },
        ],
      })
      expect(await ok('GET', `${at}/versions/2`)).toMatchObject({ document: document('two') })
    }))

  test('400 before anything runs: every problem with its place in the document and its rule', () =>
    withTemplates(async ({ call }) => {
      const document = {
        ...documentOf(
          service('api', { deployment: { instances: -1 }, colour: 'red' }),
          service('jobs', { description: '${refs.nowhere.id}' }),
          {
            kind: 'Pipeline',
            spec: {
              name: 'ship',
              stages: [{ name: 'Production', releaseFlow: { kind: 'ReleaseFlow', spec: {} } }],
            },
          },
          { kind: 'LoadBalancer', spec: {} },
        ),
        ...project,
      }
      const kind = await call('POST', '/v1/templates', document)
      expect(JSON.stringify(problemsOf(kind))).toContain('spec.spec.steps.3.kind')
      document.spec.spec.steps.pop()
      const answer = await call('POST', '/v1/templates', document)
      expect(answer.status).toBe(400)
      const text = JSON.stringify(problemsOf(answer))
      expect(text).toContain('spec.spec.steps.0.spec.deployment.instances')
      expect(text).toContain('spec.spec.steps.0.spec.colour')
      expect(text).toContain('spec.spec.steps.1.spec.description')
      expect(text).toContain('no step or trigger has the ref')
      expect(text).toContain('spec.spec.steps.2.spec.stages.0.releaseFlow.spec.spec')
    }))

  test('400: a step that works in no project, and arguments that a run does not give', () =>
    withTemplates(async ({ call, ok }) => {
      const nowhere = await call('POST', '/v1/templates', documentOf(service('api')))
      expect(JSON.stringify(problemsOf(nowhere))).toContain('works in no project')
      const document = {
        ...documentOf(service('api', { description: '${args.WHAT}' })),
        arguments: { WHAT: '' },
      }
      await ok('POST', '/v1/templates', { ...document, ...project })
      const run = await call('POST', '/v1/templates/set-up/runs', {})
      expect(run.status).toBe(400)
      expect(JSON.stringify(problemsOf(run))).toContain('spec.spec.steps.0.spec.description')
      expect(await ok('POST', '/v1/templates/set-up/dry-run', { arguments: { WHAT: 'x' } })).toMatchObject({
        resources: [
          { kind: 'Project', action: 'create' },
          { action: 'create', id: 'api' },
        ],
      })
    }))

  test('a run is started, listed, read with what became of each step, and aborted', () =>
    withTemplates(async ({ ok }) => {
      const at = '/v1/projects/shop/templates/set-up'
      await ok('POST', '/v1/projects/shop/templates', documentOf(service('api')))
      const run = await ok<{ id: string }>('POST', `${at}/runs`, { name: 'by hand' })
      expect(run).toMatchObject({ status: 'pending', templateVersion: 1, resources: { created: 0 } })
      expect(await ok('GET', `${at}/runs?concluded=false`)).toMatchObject({ runs: [{ id: run.id }] })
      expect(await ok('POST', `${at}/runs/${run.id}/abort`)).toMatchObject({ status: 'aborted' })
      expect(await ok('GET', at)).toMatchObject({ status: 'aborted', projectId: 'shop' })
    }))

  test('an older version is made the newest one again, as it was, published or as a draft', () =>
    withTemplates(async ({ ok, call }) => {
      const at = '/v1/templates/set-up'
      const document = (name: string) => ({ ...documentOf(service(name)), ...project })
      await ok('POST', '/v1/templates', document('one'))
      await ok('POST', at, document('two'))
      expect(await ok('POST', `${at}/versions/1/restore?draft=true`)).toMatchObject({ version: 2, draft: 3 })
      expect(await ok('POST', `${at}/versions/1/restore`)).toMatchObject({ version: 4 })
      expect(await ok('GET', `${at}/versions/4`)).toMatchObject({ current: true, document: document('one') })
      expect((await call('POST', `${at}/versions/9/restore`)).status).toBe(404)
    }))

  test('a template is linked to a file by its field, which it shows, which a save without it leaves, and which null removes', () =>
    withTemplates(async ({ ok, call }) => {
      const gitops = { repoUrl: 'https://git.example/shop.git', branch: 'main', filePath: '/template.yaml' }
      const document = { ...documentOf(service('api')), ...project }
      const at = '/v1/templates/set-up'
      expect(await ok('POST', '/v1/templates', { ...document, gitops })).toMatchObject({ version: 1, gitops })
      expect(await ok('POST', at, { ...document, gitops: {} })).toMatchObject({ version: 1, gitops })
      expect(await ok('GET', `${at}/gitops`)).toMatchObject({ ...gitops, state: 'pending', sides: null })
      expect((await call('POST', `${at}/gitops/take-git`, {})).status).toBe(409)
      expect((await call('POST', `${at}/gitops/sync`)).status).toBe(202)
      expect(await ok('GET', `${at}/versions/1`)).toMatchObject({ document })
      expect(await ok('POST', at, { ...document, gitops: null })).not.toHaveProperty('gitops')
      expect((await call('GET', `${at}/gitops`)).status).toBe(404)
      const inProject = '/v1/projects/shop/templates'
      await ok('POST', inProject, { ...documentOf(service('api')), gitops })
      expect(await ok('GET', `${inProject}/set-up/gitops`)).toMatchObject(gitops)
    }))

  test('templates of the team and of projects are kept apart; those of a project go with it', () =>
    withTemplates(async ({ ok, call, db }) => {
      await ok('POST', '/v1/projects/shop/templates', documentOf(service('api')))
      expect((await call('GET', '/v1/templates/set-up')).status).toBe(404)
      expect((await call('GET', '/v1/projects/nowhere/templates')).status).toBe(404)
      await ok('POST', '/v1/templates', { ...documentOf(service('api')), ...project })
      await db.deleteFrom('project').where('id', '=', 'shop').execute()
      expect(await db.selectFrom('template').select('project_id').execute()).toEqual([{ project_id: null }])
    }))

  test('a release flow makes no resources', () =>
    withTemplates(async ({ call, db }) => {
      await db.insertInto('pipeline').values({ project_id: 'shop', id: 'shop', name: 'shop' }).execute()
      const { name: _, ...flow } = documentOf(service('api'))
      const answer = await call('POST', '/v1/projects/shop/pipelines/shop/release-flows/production', flow)
      expect(answer.status).toBe(400)
      expect(JSON.stringify(problemsOf(answer))).toContain('is made by templates')
    }))

  test('autorun and runOnCreation start a run with the save, and a draft does not', () =>
    withTemplates(async ({ ok }) => {
      const options = { autorun: true, runOnCreation: true }
      const document = (name: string) => ({ ...documentOf(service(name)), ...project, options })
      const runs = async () => (await ok<{ runs: unknown[] }>('GET', '/v1/templates/set-up/runs')).runs.length
      await ok('POST', '/v1/templates', document('one'))
      expect(await runs()).toBe(1)
      await ok('POST', '/v1/templates/set-up', document('one'))
      await ok('POST', '/v1/templates/set-up?draft=true', document('two'))
      expect(await runs()).toBe(1)
      await ok('POST', '/v1/templates/set-up/versions/2/publish')
      expect(await runs()).toBe(2)
    }))
})
