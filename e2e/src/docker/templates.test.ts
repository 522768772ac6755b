import { describe, expect, test } from 'vitest'
import { fixture, runToEnd } from '../fairway/fixtures.ts'
import { getByHost } from '../fairway/get-by-host.ts'
import type { Json, Rest } from '../fairway/rest.ts'
import { withFairway } from '../fairway/test-fairway.ts'
import { createVisitsRepository } from '../fairway/visits-repository.ts'
import { waitFor } from '../fairway/wait-for.ts'
import { startLoad } from '../load/start-load.ts'
import { dockerAndHaproxyHere, onDocker } from './on-docker.ts'
import { PATIENCE } from './patience.ts'

const TEMPLATE = '/templates/civo-production'
const PROJECT = '/projects/civo-workshop'
const FLOW = `${PROJECT}/pipelines/production/release-flows/production`
const HOST = 'prod-web--civo-workshop.localhost'

const nodesOf = (node: Json): Json[] => [
  node,
  ...(((node.spec as Json)?.steps as Json[]) ?? []).flatMap(nodesOf),
]
const statusesOf = ({ spec }: Json): string[] =>
  nodesOf(spec as Json).map(({ kind, response }) => `${kind} ${(response as Json)?.status}`)

/** What a second run must leave alone: configuration, revisions, builds, instances. */
async function stateOf(call: Rest): Promise<unknown> {
  const services = await Promise.all(
    ['prod-web', 'prod-builder', 'preview-builder'].map((id) => call('GET', `${PROJECT}/services/${id}`)),
  )
  const { containers } = await call('GET', `${PROJECT}/services/prod-web/containers`)
  return {
    services,
    containers: (containers as Json[]).map(({ name }) => name).sort(),
    job: await call('GET', `${PROJECT}/jobs/prod-migrations`),
    addon: await call('GET', `${PROJECT}/addons/redis`),
    group: await call('GET', `${PROJECT}/secrets/prod-secrets`),
    builds: await Promise.all(
      ['prod-builder', 'preview-builder'].map((id) => call('GET', `${PROJECT}/services/${id}/build`)),
    ),
  }
}

const answer = async (url: string): Promise<Json> => {
  const { status, body } = await getByHost(url, HOST)
  return { status, ...(status === 200 && (JSON.parse(body) as Json)) }
}

describe.skipIf(!dockerAndHaproxyHere)('real documents of Northflank on Docker', () => {
  test('set up and release a whole project; the second run changes nothing and fails no request', async () => {
    await withFairway(
      async ({ fairway, call, folder }) => {
        const repository = createVisitsRepository(`${folder}/repository`)
        repository.commit('one')

        await call('POST', '/templates', fixture('northflank', repository.url))
        const first = await runToEnd(call, TEMPLATE, 400_000)
        expect(first.message ?? null).toBeNull()
        expect(first).toMatchObject({
          status: 'success',
          resources: { created: 7, changed: 0, unchanged: 0 },
        })

        await call('PUT', `${PROJECT}/pipelines`, {
          name: 'production',
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
        await call('POST', FLOW, fixture('prod-release'))
        const release = await runToEnd(call, FLOW, 400_000)
        expect(release.message ?? null).toBeNull()
        expect(statusesOf(release)).toEqual([
          'Workflow success',
          'Workflow success',
          'Build success',
          'Release success',
          'JobRun success',
          'Release success',
        ])
        const served = await waitFor(
          'the released version to answer',
          async () => {
            const now = await answer(fairway.gatewayUrl)
            return now.status === 200 && now
          },
          PATIENCE,
        )
        expect(served).toMatchObject({ version: 'one', migrated: 1 })
        await waitFor(
          'the release to be complete',
          async () => {
            const { status } = await call('GET', `${PROJECT}/services/prod-web`)
            return ((status as Json).deployment as Json).status === 'COMPLETED'
          },
          PATIENCE,
        )

        const before = await stateOf(call)
        const load = startLoad({
          url: fairway.gatewayUrl,
          host: HOST,
          path: '/',
          newConnectionsPerSecond: 20,
          keepAliveClients: 2,
        })
        const second = await runToEnd(call, TEMPLATE, 400_000)
        const { failures } = await load.stop()
        expect(second).toMatchObject({
          status: 'success',
          resources: { created: 0, changed: 0, unchanged: 7 },
        })
        expect(failures).toEqual([])
        expect(await stateOf(call)).toEqual(before)
        expect(await call('GET', `${TEMPLATE}/dry-run`)).toMatchObject({ unchanged: true })

        repository.commit('two')
        expect(await runToEnd(call, FLOW, 400_000)).toMatchObject({ status: 'success' })
        await waitFor(
          'the next version to answer',
          async () => (await answer(fairway.gatewayUrl)).version === 'two',
          PATIENCE,
        )
      },
      { env: onDocker },
    )
  }, 900_000)
})
