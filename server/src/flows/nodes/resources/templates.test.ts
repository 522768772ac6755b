import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { listSecretGroups } from '../../../db/secrets.ts'
import { findService } from '../../../db/services.ts'
import { deployment, differencesOf, documentOf, resultsOf, withTemplates } from './test-templates.ts'

const fixture = JSON.parse(
  readFileSync(new URL('../../../../../e2e/fixtures/northflank.json', import.meta.url), 'utf8'),
) as object

describe('a template', () => {
  test('sets up a whole project as a real Northflank document says, and the second run changes nothing', () =>
    withTemplates(async ({ put, runToEnd, plan, db }) => {
      const key = await put(fixture)
      const before = await plan(key)
      expect(before.resources.map(({ kind, action }) => `${kind} ${action}`)).toEqual([
        'Project create',
        'Addon create',
        'BuildService create',
        'BuildService create',
        'DeploymentService create',
        'ManualJob create',
        'SecretGroup create',
      ])

      const first = await runToEnd(key)
      expect(first.run).toMatchObject({ status: 'success', message: null })
      expect(new Set(Object.values(resultsOf(first)))).toEqual(new Set(['created']))
      const [group] = await listSecretGroups(db, 'civo-workshop')
      expect(group?.spec.restrictions.nfObjects).toEqual([
        { id: 'prod-migrations', type: 'job' },
        { id: 'prod-web', type: 'service' },
      ])

      const at = { projectId: 'civo-workshop', serviceId: 'prod-web' }
      const web = await findService(db, at)
      const second = await runToEnd(key)
      expect(second.run.status).toBe('success')
      expect(differencesOf(second)).toEqual([])
      expect(new Set(Object.values(resultsOf(second)))).toEqual(new Set(['unchanged']))
      expect(await findService(db, at)).toEqual(web)
      expect(await plan(key)).toMatchObject({ unchanged: true, steps: [] })
    }))

  test('shows field by field what a run would change, and the run changes that and nothing else', () =>
    withTemplates(async ({ put, runToEnd, plan, db }) => {
      const at = { projectId: 'shop-two', serviceId: 'api' }
      await runToEnd(await put(documentOf(deployment('api'), deployment('jobs'))))
      const changed = documentOf(
        deployment('api', { description: 'The API', deployment: { instances: 3 } }),
        deployment('jobs'),
      )
      const key = await put(changed)

      const foreseen = await plan(key)
      expect(foreseen.resources.find(({ ref }) => ref === 'api')).toMatchObject({
        action: 'change',
        differences: [
          { path: 'description', from: '', to: 'The API' },
          { path: 'deployment.instances', from: 1, to: 3 },
        ],
      })
      expect((await findService(db, at))?.description).toBe('')

      const ended = await runToEnd(key)
      expect(resultsOf(ended)).toEqual({ project: 'unchanged', api: 'changed', jobs: 'unchanged' })
      expect(await findService(db, at)).toMatchObject({ description: 'The API', instances: 3 })
    }))

  test('a resource that cannot be made fails the run by its name and reason; the others are made and kept', () =>
    withTemplates(async ({ put, runToEnd, db }) => {
      const steps = [deployment('api'), deployment('bad', { tags: ['no-such-tag'] }), deployment('jobs')]
      const both = { kind: 'Workflow', spec: { type: 'parallel', steps } }
      const ended = await runToEnd(await put(documentOf(both, deployment('later'))))
      expect(ended.run.status).toBe('failure')
      expect(ended.run.message).toContain('"bad"')
      const bad = ended.nodes.find(({ ref }) => ref === 'bad')
      expect(bad?.error?.message).toBe(
        'DeploymentService "bad": tags: there is no tag "no-such-tag". Create it first.',
      )
      expect(resultsOf(ended)).toMatchObject({ api: 'created', jobs: 'created', later: 'waiting' })
      expect(await findService(db, { projectId: 'shop-two', serviceId: 'jobs' })).toBeDefined()
    }))

  test('what people changed by hand and the document does not speak of stays', () =>
    withTemplates(async ({ put, runToEnd, db }) => {
      const key = await put(documentOf(deployment('api')))
      await runToEnd(key)
      await db
        .updateTable('service')
        .set({ disabled_cd: true, instances: 4 })
        .where('id', '=', 'api')
        .execute()
      expect(resultsOf(await runToEnd(key))).toMatchObject({ api: 'unchanged' })
      expect(await findService(db, { projectId: 'shop-two', serviceId: 'api' })).toMatchObject({
        disabled_cd: true,
        instances: 4,
      })
    }))

  test('later steps read what a resource answered: its id, its project, the public names of its ports', () =>
    withTemplates(async ({ put, runToEnd, db }) => {
      const description = '${refs.api.projectId}/${refs.api.id} at ${refs.api.ports.0.dns}'
      const ended = await runToEnd(
        await put(documentOf(deployment('api'), deployment('jobs', { description }))),
      )
      expect(ended.run.message).toBeNull()
      expect((await findService(db, { projectId: 'shop-two', serviceId: 'jobs' }))?.description).toBe(
        'shop-two/api at api.test',
      )
    }))

  test('patch changes what it names, and fails when there is nothing to patch', () =>
    withTemplates(async ({ put, runToEnd, db }) => {
      await runToEnd(await put(documentOf(deployment('api', { description: 'old' }))))
      const patch = (name: string) => ({
        kind: 'DeploymentService',
        ref: name,
        updateMode: 'patch',
        spec: { name, deployment: { instances: 2 } },
      })
      expect(resultsOf(await runToEnd(await put(documentOf(patch('api')))))).toMatchObject({ api: 'changed' })
      expect(await findService(db, { projectId: 'shop-two', serviceId: 'api' })).toMatchObject({
        description: 'old',
        instances: 2,
      })
      const { run } = await runToEnd(await put(documentOf(patch('nothing'))))
      expect(run).toMatchObject({ status: 'failure' })
      expect(run.message).toContain('There is no DeploymentService "nothing" to patch')
    }))

  test('values of secrets are written, and shown neither by the run nor by a dry run', () =>
    withTemplates(async ({ put, runToEnd, plan }) => {
      const group = {
        kind: 'SecretGroup',
        spec: { name: 'keys', secrets: { variables: { A: '${args.PLAIN}' } } },
      }
      const document = { ...documentOf(group), arguments: { PLAIN: '' } }
      const key = await put({ ...document, argumentOverrides: { PLAIN: 'correct horse' } })
      const first = await runToEnd(key)
      expect(resultsOf(first)).toMatchObject({ SecretGroup: 'created' })
      expect(resultsOf(await runToEnd(key))).toMatchObject({ SecretGroup: 'unchanged' })
      await put({ ...document, argumentOverrides: { PLAIN: 'battery staple' } })
      const foreseen = await plan(key)
      expect(foreseen.resources.at(-1)?.differences).toEqual([
        { path: 'secrets.variables.A', from: '(hidden)', to: '(hidden)' },
      ])
      const changed = await runToEnd(key)
      const shown = JSON.stringify([first, foreseen, changed])
      expect(shown).not.toContain('correct horse')
      expect(shown).not.toContain('battery staple')
    }))

  test('a pipeline brings the flows of its stages; in them only ${template…} is resolved with the template', () =>
    withTemplates(async ({ put, runToEnd, db }) => {
      const flow = {
        apiVersion: 'v1.2',
        arguments: { WHO: '${template.args.WHO}' },
        options: {},
        gitops: {},
        spec: {
          kind: 'Workflow',
          spec: {
            type: 'sequential',
            steps: [
              {
                kind: 'Release',
                spec: {
                  type: 'registry',
                  origin: { imagePath: 'shop/${args.WHO}:1' },
                  target: { id: '${template.refs.api.id}', type: 'service' },
                },
              },
            ],
          },
        },
      }
      const stage = {
        name: 'Production',
        nfObjects: [{ id: '${refs.api.id}', type: 'service' }],
        releaseFlow: { kind: 'ReleaseFlow', spec: flow },
      }
      const pipeline = { kind: 'Pipeline', spec: { name: 'ship', stages: [stage] } }
      const key = await put({ ...documentOf(deployment('api'), pipeline), arguments: { WHO: 'ann' } })
      const first = await runToEnd(key)
      expect(first.run.message).toBeNull()
      const saved = await db.selectFrom('release_flow').selectAll().executeTakeFirstOrThrow()
      expect(saved).toMatchObject({
        project_id: 'shop-two',
        pipeline_id: 'ship',
        stage: 'Production',
        version: 1,
      })
      expect(saved.document).toMatchObject({
        arguments: { WHO: 'ann' },
        spec: {
          spec: {
            steps: [{ spec: { origin: { imagePath: 'shop/${args.WHO}:1' }, target: { id: 'api' } } }],
          },
        },
      })
      expect(resultsOf(await runToEnd(key))).toMatchObject({ Pipeline: 'unchanged' })
    }))

  test('a template of a project works in it without saying so, and in no other', () =>
    withTemplates(async ({ put, runToEnd, db }) => {
      const { project: _, ...document } = documentOf(deployment('api'))
      const ended = await runToEnd(await put(document, 'shop'))
      expect(ended.run).toMatchObject({ status: 'success', project_id: 'shop' })
      expect(await findService(db, { projectId: 'shop', serviceId: 'api' })).toBeDefined()
      await expect(put(documentOf(deployment('api')), 'shop')).rejects.toThrow(
        'project: this template belongs to project "shop" and works in it. Leave project out.',
      )
      const given = deployment('api', { projectId: '${args.WHERE}' })
      const key = await put(
        {
          ...document,
          name: 'other',
          arguments: { WHERE: 'else' },
          spec: { ...document.spec, spec: { ...document.spec.spec, steps: [given] } },
        },
        'shop',
      )
      const refused = await runToEnd(key)
      expect(refused.run.message).toContain('works in that project only')
    }))
})
