import { join } from 'node:path'
import { startGitServer } from '@fairway/server/sources/git/test-git-server'
import { expect, test } from 'vitest'
import { createBareRepository, git } from './fairway/bare-repository.ts'
import { getByHost } from './fairway/get-by-host.ts'
import type { Json, Rest } from './fairway/rest.ts'
import { withFairway } from './fairway/test-fairway.ts'
import { createTinyRepository, type TinyRepository } from './fairway/tiny-repository.ts'
import { waitFor } from './fairway/wait-for.ts'

const SECRET = 'a secret of the e2e test'

test('a push to a private repository is built, deployed and served; a flagged one is not, and both say why', async () => {
  await withFairway(async ({ fairway, call, folder }) => {
    const server = await startGitServer(join(folder, 'repositories'), {
      user: 'ann',
      password: 'planted-secret',
    })
    try {
      const url = `${server.url}/shop.git`
      const account = (await call('POST', '/integrations/vcs', {
        name: 'own server',
        host: 'generic',
        baseUrl: server.url,
        auth: { type: 'token', username: 'ann', token: 'planted-secret' },
        webhookSecret: SECRET,
      })) as { webhook: { path: string } }
      await createBareRepository(join(folder, 'repositories', 'shop.git'), {
        webhook: fairway.url + account.webhook.path,
        url,
        secret: SECRET,
      })
      const work = createTinyRepository(join(folder, 'work'))
      const remote = url.replace('//', '//ann:planted-secret@')
      const push = (): Promise<string> => git(work.folder, 'push', '-q', remote, 'main')
      await setUp(call, url)
      await release({ call, work, push, gateway: fairway.gatewayUrl }, 'one')
      await release({ call, work, push, gateway: fairway.gatewayUrl }, 'two')
      const after = work.commitFiles('notes [skip ci]', { notes: '1' })
      await push()
      const trigger = await newest(call, (one) => (one.event as Json).after === after)
      expect(trigger.verdicts).toMatchObject([
        { id: 'web', started: false, rule: 'commit-flag', text: '[skip ci]' },
      ])
      const { builds } = (await call('GET', '/projects/tiny/services/web/build')) as { builds: Json[] }
      expect(builds.map(({ sha }) => sha)).not.toContain(after)
      expect(JSON.stringify(await call('GET', '/projects/tiny/triggers'))).not.toContain('planted-secret')
    } finally {
      await server.close()
    }
  })
}, 120_000)

async function setUp(call: Rest, projectUrl: string): Promise<void> {
  await call('PUT', '/projects', { name: 'Tiny' })
  await call('PUT', '/projects/tiny/services/combined', {
    name: 'web',
    vcsData: { projectUrl, projectType: 'self-hosted', projectBranch: 'main' },
    deployment: { instances: 1 },
    ports: [{ name: 'web', internalPort: 3000, public: true, protocol: 'HTTP' }],
  })
}

type World = { call: Rest; work: TinyRepository; push(): Promise<string>; gateway: string }

async function release({ call, work, push, gateway }: World, version: string): Promise<void> {
  const after = work.commit(version, 'good')
  await push()
  const trigger = await newest(call, (one) => (one.event as Json).after === after)
  const [verdict] = trigger.verdicts as Json[]
  expect(verdict).toMatchObject({ id: 'web', started: true, startedKind: 'build' })
  const build = await waitFor(
    'the build to end',
    async () => {
      const found = await call('GET', `/projects/tiny/services/web/build/${verdict?.startedId}`)
      return found.concluded === true && found
    },
    { deadlineMs: 60_000 },
  )
  expect(build).toMatchObject({ success: true, sha: after })
  await waitFor(
    `${version} to be served`,
    async () => (await getByHost(gateway, 'web--tiny.localhost')).body === `${version}\n`,
  )
}

const newest = (call: Rest, fits: (trigger: Json) => boolean): Promise<Json> =>
  waitFor('the verdict', async () => {
    const { triggers } = (await call('GET', '/projects/tiny/triggers')) as { triggers: Json[] }
    return triggers.find((one) => one.status === 'judged' && fits(one))
  })
