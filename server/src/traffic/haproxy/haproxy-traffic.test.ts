import { describe } from 'vitest'
import { describeTraffic } from '../traffic-contract.ts'
import { startHaproxyTraffic } from './haproxy-traffic.ts'
import { haproxyHere, newHaproxy } from './test-haproxy.ts'

const log = { info: () => undefined, error: () => undefined }

describe.skipIf(!haproxyHere)('HAProxy', () => {
  describeTraffic('the HAProxy gateway', async () => {
    const { settings, cleanUp } = await newHaproxy()
    const traffic = await startHaproxyTraffic({ settings, log })
    return {
      traffic,
      cleanUp: async () => {
        await traffic.close()
        await cleanUp()
      },
    }
  })
})
