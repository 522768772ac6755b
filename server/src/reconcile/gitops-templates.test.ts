import { describe, expect, test } from 'vitest'
import { transaction } from '../db/db.ts'
import { findGitopsLinkOfTemplate, type GitopsLinkRow } from '../db/gitops-links.ts'
import { findTemplate, type TemplateKey } from '../db/templates.ts'
import { flowRules } from '../flows/rules.ts'
import { systemClock } from '../lib/clock.ts'
import { createSealer } from '../lib/seal.ts'
import { until } from '../lib/test-until.ts'
import { resolveConflict } from '../operations/gitops/resolve.ts'
import { publishVersion, putTemplate } from '../operations/templates/save.ts'
import { type GitopsWorld, json, withWorker } from './gitops-test-project.ts'
import { testMasterKey } from './gitops-test-world.ts'

const deps = { rules: flowRules, sealer: createSealer(testMasterKey), clock: systemClock }

const documentOf = (description: string, more: object = {}) => ({
  apiVersion: 'v1.2',
  name: 'set-up',
  description,
  arguments: { WHO: 'ann' },
  project: { spec: { name: 'Made' } },
  spec: {
    kind: 'Workflow',
    spec: { type: 'sequential', steps: [{ kind: 'SecretGroup', spec: { name: 'keys' } }] },
  },
  ...more,
})

const inShop = ({ project: _, ...document }: ReturnType<typeof documentOf>) => document

const put = ({ db }: GitopsWorld, document: object, projectId: string | null = null, draft = false) =>
  transaction(db, (tx) => putTemplate(tx, { projectId, actor: 'Bob', draft }, document, deps))

const keyIn = (projectId: string | null): TemplateKey => ({ projectId, templateId: 'set-up' })

async function reaches(
  { db }: GitopsWorld,
  key: TemplateKey,
  is: (link: GitopsLinkRow) => boolean,
): Promise<GitopsLinkRow> {
  let link: GitopsLinkRow | undefined
  await until('the link to be as wanted', async () => {
    link = await findGitopsLinkOfTemplate(db, key)
    return link !== undefined && is(link)
  })
  return link as GitopsLinkRow
}

const inSyncAt = (version: number) => (link: GitopsLinkRow) =>
  link.state === 'in-sync' && link.base_version === version

describe.each([null, 'shop'])('a template of %s that is linked to a file', (projectId) => {
  const key = keyIn(projectId)
  const of = (description: string, more: object = {}) =>
    projectId === null ? documentOf(description, more) : inShop(documentOf(description, more))

  test('goes to git when it is saved, without its overrides, and comes from there when it is pushed', () =>
    withWorker(async (world) => {
      const gitops = world.settings('/template.json')
      await put(world, of('one', { gitops, argumentOverrides: { WHO: 'top secret value' } }), projectId)
      await reaches(world, key, inSyncAt(1))
      expect(JSON.parse(await world.fileInGit('template.json'))).toEqual(of('one'))
      expect((await world.history())[0]).toBe('Bob: Update template set-up (version 1)')

      await put(world, of('two'), projectId)
      await reaches(world, key, inSyncAt(2))
      expect(JSON.parse(await world.fileInGit('template.json'))).toEqual(of('two'))

      const commit = await world.commit({ 'template.json': json(of('three')) })
      await world.deliver(commit)
      await reaches(world, key, inSyncAt(3))
      expect(await findTemplate(world.db, key)).toMatchObject({ version: 3, description: 'three' })
      const versions = await world.db.selectFrom('template_version').selectAll().orderBy('version').execute()
      expect(versions.at(-1)).toMatchObject({ created_by: 'git: Gil', commit_sha: commit.after })
      expect(versions.every(({ commit_sha }) => commit_sha !== null)).toBe(true)
      const verdicts = await world.db.selectFrom('trigger_verdict').selectAll().execute()
      expect(verdicts).toContainEqual(
        expect.objectContaining({ project_id: projectId, watcher_id: 'template/set-up', started_id: '3' }),
      )
      await world.git('pull', '-q', 'origin', 'main')
      expect(await world.git('log', '-p')).not.toContain('top secret')
    }))

  test('stops when both sides changed, shows why, and goes on as a person decides', () =>
    withWorker(async (world) => {
      await put(world, of('one', { gitops: world.settings('/template.json') }), projectId)
      await reaches(world, key, inSyncAt(1))
      await world.idle()
      // Nobody is told of the push before the save.
      const commit = await world.commit({ 'template.json': json(of('from git')) })
      await put(world, of('from here'), projectId)
      const conflict = await reaches(world, key, ({ state }) => state === 'conflict')
      expect(conflict).toMatchObject({ head_sha: commit.after, seen_text: json(of('from git')) })
      await transaction(world.db, (tx) =>
        resolveConflict(tx, { key, take: 'git', commit: commit.after, actor: 'Bob' }),
      )
      await reaches(world, key, inSyncAt(3))
      expect(await findTemplate(world.db, key)).toMatchObject({ version: 3, description: 'from git' })
    }))
})

test('a file that is no template leaves the last good one in force and says the line', () =>
  withWorker(async (world) => {
    await put(world, documentOf('one', { gitops: world.settings('/template.json') }))
    await reaches(world, keyIn(null), inSyncAt(1))
    await world.push({ 'template.json': json(documentOf('two', { project: 7 })) })
    const link = await reaches(world, keyIn(null), ({ state }) => state === 'invalid')
    expect(link).toMatchObject({ message: expect.stringContaining('project'), line: 8 })
    expect(await findTemplate(world.db, keyIn(null))).toMatchObject({ version: 1, description: 'one' })
  }))

test('a push runs a template with autorun, and a save of a draft neither runs nor reaches git', () =>
  withWorker(async (world) => {
    const runs = () => world.db.selectFrom('release_run').select(['trigger', 'created_by']).execute()
    const auto = (description: string) => documentOf(description, { options: { autorun: true } })
    await put(world, documentOf('one', { gitops: world.settings('/template.json') }))
    await reaches(world, keyIn(null), inSyncAt(1))
    await put(world, auto('a draft'), null, true)
    await world.push({ 'template.json': json(auto('pushed')) })
    await reaches(world, keyIn(null), inSyncAt(3))
    expect(await runs()).toEqual([{ trigger: 'automatic', created_by: 'git: Gil' }])
    await transaction(world.db, (tx) =>
      publishVersion(tx, { ...keyIn(null), version: 2, actor: 'Bob' }, deps),
    )
    await until('the draft to reach git', async () =>
      (await world.fileInGit('template.json')).includes('a draft'),
    )
  }))
