import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Json } from './fairway/rest.ts'
import { withFairway } from './fairway/test-fairway.ts'
import { createTinyRepository } from './fairway/tiny-repository.ts'
import { buildTiny, deploymentIs, deployTiny, setUpTiny, TINY } from './fairway/tiny-setup.ts'
import { waitFor } from './fairway/wait-for.ts'
import { startLoad } from './load/start-load.ts'

// The hundred of the guarantee are run by `npm run bench`; a few in every test run keep it true.
const ROLLOUTS = Number(process.env.FAIRWAY_TEST_ROLLOUTS ?? 8)
const DRAIN_SECONDS = 2

test(`${ROLLOUTS} rollouts in a row of 3 instances lose no request, and WebSockets end with 1012 after the drain`, async () => {
  await withFairway(async ({ fairway, call, folder }) => {
    const repository = createTinyRepository(join(folder, 'repository'))
    await setUpTiny(call, repository.url, { instances: 3, drainSeconds: DRAIN_SECONDS })
    const builds = [
      await buildTiny(call, repository.commit('one', 'good')),
      await buildTiny(call, repository.commit('two', 'good')),
    ]
    await deployTiny(call, builds[0]!.id)
    await deploymentIs(call, 'COMPLETED')

    const load = startLoad({
      url: fairway.gatewayUrl,
      host: 'web--tiny.localhost',
      path: '/',
      newConnectionsPerSecond: 100,
      keepAliveClients: 8,
      webSockets: { path: '/socket', count: 20 },
    })
    for (let i = 1; i <= ROLLOUTS; i += 1) {
      const build = builds[i % 2]!
      await deployTiny(call, build.id)
      await waitFor(
        `rollout ${i}`,
        async () => settledOn(await call('GET', `/projects/${TINY}/services/web`), build.sha),
        {
          deadlineMs: 60_000,
        },
      )
    }
    const report = await load.stop()

    expect(report.failures).toEqual([])
    expect(report.failed).toBe(0)
    expect(report.webSockets.restarted).toBeGreaterThan(0)
    expect(
      Object.keys(report.webSockets.closesByCode).filter((code) => !['1000', '1005', '1012'].includes(code)),
    ).toEqual([])
    expect(report.requests).toBeGreaterThan(ROLLOUTS * 100)
  })
}, 300_000)

function settledOn(service: Json, sha: unknown): boolean {
  const { status, reason } = (service.status as Json).deployment as Json
  const deployed = (service.deployment as Json).internal as Json | undefined
  return status === 'COMPLETED' && reason !== undefined && deployed?.deployedSHA === sha
}
