import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { getByHost } from './fairway/get-by-host.ts'
import type { Json } from './fairway/rest.ts'
import { type TestFairway, withFairway } from './fairway/test-fairway.ts'
import { type Behaviour, createTinyRepository } from './fairway/tiny-repository.ts'
import { buildTiny, deploymentIs, deployTiny, setUpTiny } from './fairway/tiny-setup.ts'
import { startLoad } from './load/start-load.ts'

/** What the message must name, so that nobody has to guess. */
const expected: Record<Exclude<Behaviour, 'good'>, RegExp[]> = {
  'never-ready': [/readiness/i, /503/, /still warming up/],
  crashes: [/exit(ed)?\b.*\b7\b/i, /flux capacitor/],
  'ready-then-fails': [/exit(ed)?\b.*\b9\b/i, /out of tape/],
  'wrong-port': [/readiness/i, /refused|nothing listens/i],
}

async function deployBadVersion({ fairway, call, folder }: TestFairway, behaviour: Behaviour) {
  const repository = createTinyRepository(join(folder, 'repository'))
  await setUpTiny(call, repository.url)
  await deployTiny(call, (await buildTiny(call, repository.commit('one', 'good'))).id)
  await deploymentIs(call, 'COMPLETED')

  const bad = await buildTiny(call, repository.commit('two', behaviour))
  const load = startLoad({
    url: fairway.gatewayUrl,
    host: 'web--tiny.localhost',
    path: '/',
    newConnectionsPerSecond: 20,
    keepAliveClients: 2,
  })
  await deployTiny(call, bad.id)
  const service = await deploymentIs(call, 'FAILED', 25_000)
  return { service, report: await load.stop() }
}

describe('a version that is not fit to serve', () => {
  test.each(Object.keys(expected) as (keyof typeof expected)[])(
    '%s: the old version serves throughout, and the failure says why',
    async (behaviour) => {
      await withFairway(async (world) => {
        const { service, report } = await deployBadVersion(world, behaviour)

        expect(report.failures).toEqual([])
        expect(report.requests).toBeGreaterThan(0)
        const message = JSON.stringify((service.status as Json).deployment)
        for (const pattern of expected[behaviour]) expect(message).toMatch(pattern)
        const answer = await getByHost(world.fairway.gatewayUrl, 'web--tiny.localhost')
        expect(answer).toMatchObject({ status: 200, body: 'one\n' })
      })
    },
    120_000,
  )
})
