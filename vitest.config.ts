import { defineConfig } from 'vitest/config'

export default defineConfig({
  ssr: { resolve: { conditions: ['@fairway/source'] } },
  resolve: { conditions: ['@fairway/source'] },
  test: {
    include: ['{contract,server,gateway,cli,web,e2e}/src/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    // Processes, probes and drains run in real time: on a machine that is busy with other work a deadline may pass.
    retry: process.env.CI === 'true' ? 1 : 0,
    globalSetup: ['server/src/db/test-global-setup.ts'],
  },
})
