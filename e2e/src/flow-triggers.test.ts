import { join } from 'node:path'
import { expect, test } from 'vitest'
import { getByHost } from './fairway/get-by-host.ts'
import type { Json, Rest } from './fairway/rest.ts'
import { withFairway } from './fairway/test-fairway.ts'
import { createTinyRepository } from './fairway/tiny-repository.ts'
import { setUpTiny } from './fairway/tiny-setup.ts'
import { waitFor } from './fairway/wait-for.ts'

const FLOW = '/projects/tiny/pipelines/tiny/release-flows/production'

const flowOf = (repoUrl: string, paused = false): Json => ({
  apiVersion: 'v1.2',
  options: { concurrencyPolicy: 'queue', paused },
  triggers: [{ ref: 'app', repoUrl, branchRestrictions: ['main'] }],
  spec: {
    kind: 'Workflow',
    spec: {
      type: 'sequential',
      steps: [
        {
          kind: 'Build',
          ref: 'build',
          spec: {
            id: 'builder',
            type: 'service',
            branch: '${refs.app.branch}',
            sha: '${refs.app.sha}',
          },
          condition: 'success',
        },
        {
          kind: 'Release',
          spec: {
            type: 'build',
            origin: { id: 'builder', branch: '${refs.app.branch}', build: '${refs.build.id}' },
            target: { id: 'web', type: 'service' },
          },
          condition: 'running',
        },
      ],
    },
  },
})

async function setUp(call: Rest, repoUrl: string): Promise<void> {
  await setUpTiny(call, repoUrl, { drainSeconds: 1 })
  await call('PUT', '/projects/tiny/pipelines', {
    name: 'tiny',
    stages: [{ name: 'Production', nfObjects: [{ id: 'web', type: 'service' }] }],
  })
  await call('POST', FLOW, flowOf(repoUrl))
}

const succeeds = (call: Rest, id: unknown): Promise<Json> =>
  waitFor(
    `run ${id} to end`,
    async () => {
      const run = await call('GET', `${FLOW}/runs/${id}`)
      if (run.concluded === true) expect(run).toMatchObject({ status: 'success' })
      return run.concluded === true && run
    },
    { deadlineMs: 60_000 },
  )

test('a secret address and a push each release what they name, once; paused, neither does', async () => {
  await withFairway(
    async ({ fairway, call, folder }) => {
      const serves = (version: string): Promise<unknown> =>
        waitFor(
          `${version} to be served`,
          async () => (await getByHost(fairway.gatewayUrl, 'web--tiny.localhost')).body === `${version}\n`,
        )
      const repository = createTinyRepository(join(folder, 'repository'))
      const first = repository.commit('one', 'good')
      await setUp(call, repository.url)
      const hook = (await call('POST', `${FLOW}/webhook`)) as { path: string; token: string }
      const query = `app.branch=main&app.sha=${first}&name=By+hook`
      const answer = await fetch(`${fairway.url}${hook.path}?${query}`)
      expect(answer.status).toBe(200)
      const { data } = (await answer.json()) as { data: { runId: string } }
      expect(await succeeds(call, data.runId)).toMatchObject({ name: 'By hook' })
      await serves('one')

      const second = repository.commit('two', 'good')
      const { triggers } = await waitFor('the push to be judged', async () => {
        const answer = (await call('GET', '/projects/tiny/triggers?source=poll')) as { triggers: Json[] }
        return answer.triggers.length > 0 && answer
      })
      const verdicts = triggers[0]?.verdicts as Json[]
      expect(verdicts.find(({ kind }) => kind === 'release-flow')).toMatchObject({
        id: 'tiny/Production',
        started: true,
      })
      await succeeds(call, verdicts.find(({ kind }) => kind === 'release-flow')?.startedId)
      await serves('two')
      const service = await call('GET', '/projects/tiny/services/web')
      expect(JSON.stringify(service)).toContain(second)

      await call('POST', FLOW, flowOf(repository.url, true))
      expect((await fetch(`${fairway.url}${hook.path}`, { method: 'POST' })).status).toBe(202)
      const { runs } = (await call('GET', `${FLOW}/runs`)) as { runs: Json[] }
      expect(runs).toHaveLength(2)
      expect(JSON.stringify(await call('GET', '/projects/tiny/triggers'))).not.toContain(hook.token)
    },
    { env: { FAIRWAY_GIT_POLL: '1' } },
  )
}, 120_000)

test('flows whose messages start each other in a circle are stopped, and the ledger says why', async () => {
  await withFairway(
    async ({ fairway, call }) => {
      await call('PUT', '/projects', { name: 'Tiny' })
      await call('PUT', '/projects/tiny/pipelines', { name: 'tiny', stages: [] })
      const document = (webhookUrl: string): Json => ({
        apiVersion: 'v1.2',
        spec: {
          kind: 'Workflow',
          spec: {
            type: 'sequential',
            steps: [{ kind: 'Message', spec: { kind: 'RAW_WEBHOOK', webhookUrl, message: '{}' } }],
          },
        },
      })
      await call('POST', FLOW, document(fairway.url))
      const { path } = (await call('POST', `${FLOW}/webhook`)) as { path: string }
      const url = fairway.url + path
      await call('POST', FLOW, document(url))
      expect((await fetch(url, { method: 'POST' })).status).toBe(200)
      const refused = await waitFor('the circle to be stopped', async () => {
        const answer = (await call('GET', '/projects/tiny/triggers?verdict=refused')) as { triggers: Json[] }
        return answer.triggers.length > 0 && answer.triggers
      })
      expect(refused[0]?.verdicts).toMatchObject([
        { rule: 'cannot-start', sentence: expect.stringContaining('circle') },
      ])
      const { runs } = (await call('GET', `${FLOW}/runs`)) as { runs: Json[] }
      expect(runs).toHaveLength(11)
    },
    { env: { FAIRWAY_ALLOW_PRIVATE_WEBHOOKS: 'true' } },
  )
}, 60_000)
