import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { Json, Rest } from './fairway/rest.ts'
import { withFairway } from './fairway/test-fairway.ts'
import { createTinyRepository } from './fairway/tiny-repository.ts'
import { waitFor } from './fairway/wait-for.ts'

const fixture = JSON.parse(
  readFileSync(fileURLToPath(new URL('../fixtures/prod-release.json', import.meta.url)), 'utf8'),
) as Json

type Node = { kind: string; spec?: { steps?: Node[] }; response?: { status?: string } }

/** A service and a job of the ids that the document names; the job's command is `yarn migrate`. */
async function setUp(call: Rest, repositoryUrl: string): Promise<void> {
  await call('PUT', '/projects', { name: 'Workshop' })
  await call('PUT', '/projects/workshop/services/build', {
    name: 'prod-builder',
    vcsData: { projectUrl: repositoryUrl, projectType: 'self-hosted' },
  })
  await call('PUT', '/projects/workshop/services/deployment', {
    name: 'prod-web',
    deployment: { instances: 2, docker: { configType: 'default' }, releaseFlowControlled: true },
    ports: [{ name: 'p01', internalPort: 3000, public: true, protocol: 'HTTP' }],
  })
  await call('PUT', '/projects/workshop/jobs/manual', {
    name: 'prod-migrations',
    backoffLimit: 0,
    activeDeadlineSeconds: 600,
    runOnSourceChange: 'never',
    // A stand-in for yarn, which not every machine has; the flow itself is untouched.
    runtimeEnvironment: {
      PATH: `${join(fileURLToPath(new URL('../fixtures/bin', import.meta.url)))}:/usr/local/bin:/usr/bin:/bin`,
    },
    deployment: { docker: { configType: 'customCommand', customCommand: 'yarn migrate' } },
  })
  await call('PUT', '/projects/workshop/pipelines', {
    name: 'workshop',
    stages: [
      {
        name: 'Production',
        nfObjects: [
          { id: 'prod-web', type: 'service' },
          { id: 'prod-migrations', type: 'job' },
        ],
      },
    ],
  })
}

function nodes(node: Node): Node[] {
  return [node, ...(node.spec?.steps ?? []).flatMap(nodes)]
}

test('a real Northflank release flow runs unchanged, and each node ends in success', async () => {
  await withFairway(async ({ call, folder }) => {
    const repository = createTinyRepository(join(folder, 'repository'), 'master')
    repository.commit('one', 'good')
    await setUp(call, repository.url)
    const flow = '/projects/workshop/pipelines/workshop/release-flows/production'
    await call('POST', flow, fixture)

    const { id } = await call('POST', `${flow}/runs`, {})
    const run = await waitFor(
      'the run to end',
      async () => {
        const now = await call('GET', `${flow}/runs/${id}`)
        return now.concluded === true && now
      },
      { deadlineMs: 90_000 },
    )

    const statuses = nodes(run.spec as Node).map(({ kind, response }) => `${kind} ${response?.status}`)
    expect(statuses).toEqual([
      'Workflow success',
      'Workflow success',
      'Build success',
      'Release success',
      'JobRun success',
      'Release success',
    ])
    expect(run.status).toBe('success')
  })
}, 120_000)
