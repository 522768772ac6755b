import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { withFairway } from '../fairway/test-fairway.ts'
import { createTinyRepository } from '../fairway/tiny-repository.ts'
import { startLoad } from '../load/start-load.ts'
import { dockerAndHaproxyHere, loadOn, onDocker, rollOut, serveTiny, settlesAt } from './on-docker.ts'

// The hundred of the guarantee are run by `npm run bench`; a few in every test run keep it true.
const ROLLOUTS = 5

describe.skipIf(!dockerAndHaproxyHere)('releases on Docker behind HAProxy', () => {
  test(`${ROLLOUTS} rollouts in a row of 3 containers lose no request of any kind of client`, async () => {
    await withFairway(
      async ({ fairway, call, folder }) => {
        const { first, second } = await serveTiny(call, createTinyRepository(join(folder, 'repository')))

        const load = startLoad(loadOn(fairway.gatewayUrl))
        for (let i = 1; i <= ROLLOUTS; i += 1) await rollOut(call, i % 2 === 1 ? second : first)
        const report = await load.stop()

        expect(report.failures).toEqual([])
        expect(report.failed).toBe(0)
        expect(report.webSockets.restarted).toBeGreaterThan(0)
        expect(report.webSockets.failed).toBe(0)
        expect(report.requests).toBeGreaterThan(ROLLOUTS * 50)
        await settlesAt(call, 3)
      },
      { env: onDocker },
    )
  }, 300_000)
})
