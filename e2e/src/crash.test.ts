import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePorts } from './fairway/free-ports.ts'
import { type Json, rest } from './fairway/rest.ts'
import { startFairway } from './fairway/server.ts'
import { createTinyRepository } from './fairway/tiny-repository.ts'
import { buildTiny, deploymentIs, deployTiny, setUpTiny } from './fairway/tiny-setup.ts'
import { waitFor } from './fairway/wait-for.ts'
import { startLoad } from './load/start-load.ts'

test('kill -9 of the control plane in the middle of a rollout: no request fails, and the rollout goes on at once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairway-crash-'))
  const [api, gateway] = await freePorts(2)
  const options = { dataFolder: join(folder, 'data'), ports: { api: api!, gateway: gateway! } }
  let fairway = await startFairway(options)
  try {
    let call = rest(fairway.url, fairway.token())
    const repository = createTinyRepository(join(folder, 'repository'))
    // The deadline counts while nobody is there to work, and restarts are slow on a busy machine.
    await setUpTiny(call, repository.url, { instances: 3, progressDeadlineSeconds: 120 })
    await deployTiny(call, (await buildTiny(call, repository.commit('one', 'good'))).id)
    await deploymentIs(call, 'COMPLETED')
    const second = await buildTiny(call, repository.commit('two', 'good'))
    const load = startLoad({
      url: fairway.gatewayUrl,
      host: 'web--tiny.localhost',
      path: '/',
      newConnectionsPerSecond: 50,
      keepAliveClients: 4,
    })

    await deployTiny(call, second.id)
    for (let kills = 0; kills < 3; kills += 1) {
      await waitFor('the rollout to be under way', async () => {
        const service = await call('GET', '/projects/tiny/services/web')
        return ((service.status as Json).deployment as Json).status !== 'PENDING'
      })
      await fairway.kill()
      const killedAt = performance.now()
      fairway = await startFairway(options)
      call = rest(fairway.url, fairway.token())
      expect(performance.now() - killedAt).toBeLessThan(10_000)
    }
    await deploymentIs(call, 'COMPLETED', 60_000)
    const answer = await load.stop()

    expect(answer.failures).toEqual([])
    const { containers } = await call('GET', '/projects/tiny/services/web/containers')
    expect((containers as Json[]).filter(({ status }) => status === 'TASK_RUNNING')).toHaveLength(3)
  } finally {
    await fairway.stopEverything()
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
}, 180_000)
