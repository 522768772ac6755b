import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { schedule } from '../db/work.ts'
import { until } from '../lib/test-until.ts'
import { POLL_ALL } from './git-polls.ts'
import {
  documentOf,
  type GitopsWorld,
  json,
  key,
  linked,
  withGitopsWorld,
  withWorker,
} from './gitops-test-project.ts'

const verdictsOf = (world: GitopsWorld) =>
  world.db.selectFrom('trigger_verdict').selectAll().orderBy('event_number').execute()

describe('a flow that is linked to a file', () => {
  test('writes the file when there is none, with the author named, and is in sync', () =>
    withWorker(async (world) => {
      await linked(world)
      expect(JSON.parse(await world.fileInGit())).toEqual(documentOf(1))
      expect(await world.history()).toEqual([
        'Bob: Update release flow shop/Production (version 1)',
        'Gil: First',
      ])
      const link = await world.link()
      expect(link).toMatchObject({ base_version: 1, message: null })
      expect(await world.versions()).toMatchObject([{ version: 1, commit_sha: link.base_sha }])
    }))

  test('takes the file when there is one, keeps the older document as a version, and names author and commit', () =>
    withWorker(async (world) => {
      const { after } = await world.commit({ 'flow.json': json(documentOf(7)) })
      await linked(world)
      expect(await world.flow()).toMatchObject({ version: 2, document: documentOf(7) })
      expect(await world.versions()).toMatchObject([
        { version: 1, created_by: 'Bob', commit_sha: null },
        { version: 2, created_by: 'git: Gil', commit_sha: after },
      ])
    }))

  test('follows pushes, and commits what is saved: a YAML file keeps its comments', () =>
    withWorker(async (world) => {
      const yaml = (amount: number) =>
        `# By hand\napiVersion: v1.2\narguments:\n    WHO: ann\nspec:\n    kind: Workflow\n    spec:\n        type: sequential\n        steps:\n            - kind: Approval # both\n              ref: go\n              spec:\n                  amount: ${amount}\n`
      await world.commit({ 'flow.yaml': yaml(1) })
      await linked(world, '/flow.yaml')
      const id = await world.push({ 'flow.yaml': yaml(2) })
      await world.reaches('in-sync', ({ base_version }) => base_version === 2)
      expect(await world.flow()).toMatchObject({ document: documentOf(2) })
      await world.save(documentOf(3), 'Eve')
      await world.reaches('in-sync', ({ base_version }) => base_version === 3)
      expect(await world.fileInGit('flow.yaml')).toBe(yaml(3))
      expect((await world.history())[0]).toBe('Eve: Update release flow shop/Production (version 3)')
      const verdicts = await verdictsOf(world)
      expect(verdicts.filter(({ event_id }) => event_id === id)).toMatchObject([
        { watcher_kind: 'gitops', started: true, sentence: 'A push to "main" that changed flow.yaml.' },
      ])
      expect(verdicts).toContainEqual(
        expect.objectContaining({
          started_kind: 'flow-version',
          started_id: '2',
          watcher_id: 'shop/Production',
        }),
      )
    }))

  test('does not take its own commit for a change, nor a push of other files', () =>
    withWorker(async (world) => {
      await linked(world)
      const { base_sha } = await world.link()
      const own = await world.deliver({ before: await world.git('rev-parse', 'HEAD'), after: base_sha ?? '' })
      const other = await world.push({ 'README.md': 'Hello' })
      await world.idle()
      const verdicts = await verdictsOf(world)
      for (const id of [own, other])
        expect(verdicts.filter(({ event_id }) => event_id === id)).toMatchObject([
          { started: false, rule: 'path' },
        ])
      expect(await world.versions()).toHaveLength(1)
      expect(await world.history()).toHaveLength(3)
    }))

  test('is updated by polling where no webhook comes', () =>
    withWorker(
      async (world) => {
        await linked(world)
        await schedule(world.db, 'git_poll', POLL_ALL)
        await world.commit({ 'flow.json': json(documentOf(5)) })
        await world.reaches('in-sync', ({ base_version }) => base_version === 2)
        expect(await world.flow()).toMatchObject({ document: documentOf(5) })
      },
      { pollSeconds: 1 },
    ))

  test('a save commits onto a branch that moved meanwhile when the file itself did not change', () =>
    withWorker(async (world) => {
      await linked(world)
      await world.commit({ 'README.md': 'Hello' })
      await world.save(documentOf(2))
      await world.reaches('in-sync', ({ base_version }) => base_version === 2)
      expect(await world.fileInGit('README.md')).toBe('Hello')
      expect(JSON.parse(await world.fileInGit())).toEqual(documentOf(2))
    }))

  test('one file backs two flows: a save of one becomes a version of the other, and neither goes round in circles', () =>
    withWorker(async (world) => {
      const staging = { ...key, stage: 'Staging' as const }
      await linked(world)
      await world.save(documentOf(9, { gitops: world.settings() }), 'Eve', staging)
      await until('the second link', async () => (await world.link(staging)).state === 'in-sync')
      const before = (await world.link()).base_sha ?? ''
      await world.save(documentOf(2))
      const { base_sha } = await world.reaches('in-sync', ({ base_version }) => base_version === 2)
      await world.deliver({ before, after: base_sha ?? '' })
      await until('the other flow', async () => (await world.link(staging)).base_sha === base_sha)
      await world.idle()
      const flows = await world.db.selectFrom('release_flow').selectAll().execute()
      expect(flows.map(({ document }) => document)).toEqual([documentOf(2), documentOf(2)])
      expect(await world.history()).toHaveLength(3)
    }))

  test('a push that the server refuses leaves the save ahead, says why, and is made once the server takes it', () =>
    withWorker(async (world) => {
      await linked(world)
      const hook = join(world.bare, 'hooks', 'pre-receive')
      await writeFile(hook, '#!/bin/sh\necho "main is protected" >&2\nexit 1\n', { mode: 0o755 })
      await world.save(documentOf(2))
      const { id, message } = await world.reaches('ahead', (link) => link.message !== null)
      expect(message).toBe('git does not take the commit to "main": main is protected')
      await rm(hook)
      await schedule(world.db, 'gitops', id)
      await world.reaches('in-sync', ({ base_version }) => base_version === 2)
      expect(JSON.parse(await world.fileInGit())).toEqual(documentOf(2))
    }))

  test('argument overrides never reach git, and stay when the file changes', () =>
    withWorker(async (world) => {
      const secret = 'hunter2-very-secret'
      await world.save(documentOf(1, { argumentOverrides: { TOKEN: secret }, gitops: world.settings() }))
      await world.reaches('in-sync')
      await world.save(documentOf(2, { argumentOverrides: { TOKEN: `${secret}-2` } }))
      await world.reaches('in-sync', ({ base_version }) => base_version === 2)
      await world.push({ 'flow.json': json(documentOf(3)) })
      await world.reaches('in-sync', ({ base_version }) => base_version === 3)
      await world.git('fetch', '-q')
      const everything = await world.git('log', '-p', '--all', '--format=%B', 'origin/main')
      expect(everything).toContain('"amount": 2')
      expect(everything).not.toContain(secret)
      expect(everything).not.toContain('argumentOverrides')
      expect((await world.flow()).argument_overrides).not.toBeNull()
    }))

  test('argument overrides in the file are refused', () =>
    withWorker(async (world) => {
      await linked(world)
      await world.push({ 'flow.json': json(documentOf(2, { argumentOverrides: { TOKEN: 'x' } })) })
      const link = await world.reaches('invalid')
      expect(link.message).toMatch(/never come from git/)
      expect(await world.flow()).toMatchObject({ version: 1 })
    }))
})

describe('a file that cannot be taken', () => {
  const broken = json(documentOf(1)).replace('"Approval"', '"Teleport"')
  test.each([
    ['is not JSON', '{\n  "apiVersion": "v1.2",\n  "spec": ]\n}\n', 3, /not valid JSON/],
    ['breaks a rule', broken, 12, /steps\.0\.kind/],
    [
      'names what is not there',
      json(documentOf(1)).replace('1\n', '"${refs.gone.x}"\n'),
      15,
      /no step or trigger/,
    ],
    ['is too large', 'x'.repeat(10_000_000), null, /has 10000000 bytes/],
  ])(
    '%s: refused with reason and line, in the ledger too; the last good document stays',
    (_, text, line, why) =>
      withWorker(async (world) => {
        await linked(world)
        await world.push({ 'flow.json': text })
        const link = await world.reaches('invalid')
        expect(link).toMatchObject({ line, message: expect.stringMatching(why) })
        expect(await world.flow()).toMatchObject({ version: 1, document: documentOf(1) })
        const refused = (await verdictsOf(world)).filter(({ rule }) => rule === 'invalid-document')
        expect(refused).toMatchObject([
          {
            started: false,
            file: 'flow.json',
            commit_sha: link.head_sha,
            rule_text: line === null ? '/flow.json' : `/flow.json:${line}`,
            sentence: expect.stringMatching(why),
          },
        ])
        await world.push({ 'flow.json': json(documentOf(4)) })
        await world.reaches('in-sync')
        expect(await world.flow()).toMatchObject({ version: 2, document: documentOf(4) })
      }),
  )

  test('is unreachable: said so, and the save stays', () =>
    withWorker(async (world) => {
      await world.save(
        documentOf(1, { gitops: { ...world.settings(), repoUrl: `file://${world.folder}/gone.git` } }),
      )
      expect((await world.reaches('unreachable')).message).toMatch(/cannot read the repository/)
      expect(await world.flow()).toMatchObject({ version: 1 })
    }))
})

describe('the link', () => {
  test('stays when a save does not speak of it, and goes with null: the file stays and is not followed', () =>
    withWorker(async (world) => {
      await linked(world)
      await world.save(documentOf(2))
      await world.reaches('in-sync', ({ base_version }) => base_version === 2)
      await world.save(documentOf(3, { gitops: null }))
      await expect(world.link()).rejects.toThrow('no link')
      const id = await world.push({ 'flow.json': json(documentOf(9)) })
      await world.idle()
      expect((await verdictsOf(world)).filter(({ event_id }) => event_id === id)).toEqual([])
      expect(await world.flow()).toMatchObject({ version: 3, document: documentOf(3) })
    }))

  test.each([
    [{ branch: '--upload-pack=x' }],
    [{ filePath: '/../secret.json' }],
    [{ filePath: 'flow.json' }],
    [{ filePath: '/.git/config' }],
    [{ repoUrl: '--upload-pack=x' }],
    [{ repoUrl: 'ext::sh -c id' }],
  ])('%j is refused before git sees it', (bad) =>
    withGitopsWorld(async (world) => {
      await expect(
        world.save(documentOf(1, { gitops: { ...world.settings(), ...bad } })),
      ).rejects.toMatchObject({
        code: 'invalid_document',
      })
    }),
  )
})
