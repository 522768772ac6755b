import { defineConfig } from 'vitest/config'

const BROWSER = 'e2e/src/web/**/*.test.ts'

export default defineConfig({
  ssr: { resolve: { conditions: ['@fairway/source'] } },
  resolve: { conditions: ['@fairway/source'] },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: ['{contract,server,gateway,cli,web,e2e}/src/**/*.test.ts'],
          exclude: ['**/node_modules/**', BROWSER],
          globalSetup: ['server/src/db/test-global-setup.ts'],
          // They wait for processes, probes and drains much of the time.
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      // Afterwards: Chromium breaks its requests off when a network of the machine changes, as those of containers do.
      {
        extends: true,
        test: { name: 'browser', include: [BROWSER], maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
    ],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Processes, probes and drains run in real time: on a machine that is busy with other work a deadline may pass.
    retry: process.env.CI === 'true' ? 1 : 0,
  },
})
