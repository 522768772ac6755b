import { defineConfig } from 'vitest/config'

export default defineConfig({
  ssr: { resolve: { conditions: ['@fairway/source'] } },
  resolve: { conditions: ['@fairway/source'] },
  test: {
    include: ['{contract,server,gateway,cli,e2e}/src/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    globalSetup: ['server/src/db/test-global-setup.ts'],
  },
})
