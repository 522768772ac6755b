import { join } from 'node:path'
import { startGitServer } from '@fairway/server/sources/git/test-git-server'
import { expect, test } from 'vitest'
import { createBareRepository, git } from './fairway/bare-repository.ts'
import type { Json, Rest } from './fairway/rest.ts'
import { withFairway } from './fairway/test-fairway.ts'
import { createTinyRepository } from './fairway/tiny-repository.ts'
import { waitFor } from './fairway/wait-for.ts'

const SECRET = 'a secret of the e2e test'
const FLOW = '/projects/tiny/pipelines/tiny/release-flows/production'

const yamlOf = (amount: number): string => `# Two people at least
apiVersion: v1.2
spec:
  kind: Workflow
  spec:
    type: sequential
    steps:
      - kind: Approval # by hand
        spec:
          amount: ${amount}
`

const documentOf = (amount: number): Json => ({
  apiVersion: 'v1.2',
  spec: { kind: 'Workflow', spec: { type: 'sequential', steps: [{ kind: 'Approval', spec: { amount } }] } },
})

const inSync = (call: Rest, version: number): Promise<Json> =>
  waitFor(`version ${version} to be in git`, async () => {
    const link = await call('GET', `${FLOW}/gitops`)
    return link.state === 'in-sync' && (link.lastApplied as Json).version === version && link
  })

test('a flow and a file in a private repository follow each other by webhook, and our own commit starts nothing', async () => {
  await withFairway(async ({ fairway, call, folder }) => {
    const access = { user: 'ann', password: 'planted-secret' }
    const server = await startGitServer(join(folder, 'repositories'), access)
    try {
      const url = `${server.url}/shop.git`
      const account = (await call('POST', '/integrations/vcs', {
        name: 'own server',
        host: 'generic',
        baseUrl: server.url,
        auth: { type: 'token', username: access.user, token: access.password },
        webhookSecret: SECRET,
      })) as { webhook: { path: string } }
      const webhook = fairway.url + account.webhook.path
      await createBareRepository(join(folder, 'repositories', 'shop.git'), { webhook, url, secret: SECRET })
      const work = createTinyRepository(join(folder, 'work'))
      const remote = url.replace('//', '//ann:planted-secret@')
      const pushFile = async (text: string): Promise<string> => {
        const sha = work.commitFiles('Change the flow', { 'flow.yaml': text })
        await git(work.folder, 'push', '-q', remote, 'main')
        return sha
      }
      await call('PUT', '/projects', { name: 'Tiny' })
      await call('PUT', '/projects/tiny/pipelines', { name: 'tiny', stages: [] })
      await pushFile(yamlOf(1))
      const gitops = { repoUrl: url, branch: 'main', filePath: '/flow.yaml' }
      await call('POST', FLOW, { ...documentOf(9), gitops })
      await inSync(call, 2)
      expect(await call('GET', FLOW)).toMatchObject({ ...documentOf(1), gitops, version: 2 })

      const pushed = await pushFile(yamlOf(2))
      expect(await inSync(call, 3)).toMatchObject({ lastApplied: { commit: pushed } })
      expect(await call('GET', FLOW)).toMatchObject(documentOf(2))

      await call('POST', FLOW, { ...documentOf(3), argumentOverrides: { TOKEN: 'never-in-git' } })
      const { lastApplied } = (await inSync(call, 4)) as { lastApplied: Json }
      await git(work.folder, 'pull', '-q', '--rebase', remote, 'main')
      expect(await git(work.folder, 'rev-parse', 'HEAD')).toBe(lastApplied.commit)
      expect(await git(work.folder, 'show', 'HEAD:flow.yaml')).toBe(yamlOf(3).trim())
      expect(await git(work.folder, 'log', '-p', '--all')).not.toContain('never-in-git')
      const own = await waitFor('our own commit to be judged', async () => {
        const { triggers } = (await call('GET', '/projects/tiny/triggers?source=webhook')) as {
          triggers: Json[]
        }
        return triggers.find(
          (one) => (one.event as Json).after === lastApplied.commit && one.status === 'judged',
        )
      })
      expect(own.verdicts).toMatchObject([{ kind: 'gitops', started: false, rule: 'path' }])

      await pushFile(yamlOf(4).replace('Approval', 'Teleport'))
      const refused = await waitFor('the file to be refused', async () => {
        const link = await call('GET', `${FLOW}/gitops`)
        return link.state === 'invalid' && link
      })
      expect(refused).toMatchObject({ line: 8, message: expect.stringMatching(/steps.0.kind/) })
      expect(await call('GET', FLOW)).toMatchObject({ ...documentOf(3), version: 4 })
    } finally {
      await server.close()
    }
  })
}, 120_000)
