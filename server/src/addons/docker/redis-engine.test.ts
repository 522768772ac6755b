import { describe, vi } from 'vitest'
import { dockerHere } from '../../lib/docker/test-engine.ts'
import { testAddonEngine } from '../engine-contract.ts'
import { imagesFolder, redisCommands, testInstallation } from './docker-test-world.ts'
import { createDockerRedisEngine } from './engines.ts'

/** Each test makes servers from nothing, on a machine that may be busy. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 })

describe.skipIf(!dockerHere)('Redis on a Docker Engine', () => {
  const installation = testInstallation()
  testAddonEngine({
    open: () => createDockerRedisEngine({ installation, images: imagesFolder }),
    async write(endpoint, { password }, numbers) {
      await redisCommands(
        endpoint,
        password,
        numbers.map((n) => ['SET', String(n), 'a number']),
      )
    },
    async read(endpoint, { password }) {
      const [numbers] = await redisCommands(endpoint, password, [['KEYS', '*']])
      return (numbers as string[]).map(Number).sort((a, b) => a - b)
    },
  })
})
