import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Rest, rest } from './rest.ts'
import { type Fairway, type FairwayOptions, startFairway } from './server.ts'

export type TestFairway = { fairway: Fairway; call: Rest; folder: string }

/** Runs `work` against a Fairway of its own and ends everything of it afterwards, also when the test failed. */
export async function withFairway<T>(
  work: (test: TestFairway) => Promise<T>,
  options: Omit<FairwayOptions, 'dataFolder'> = {},
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'fairway-e2e-'))
  const fairway = await startFairway({ dataFolder: join(folder, 'data'), ...options })
  try {
    return await work({ fairway, call: rest(fairway.url, fairway.token()), folder })
  } finally {
    await fairway.stopEverything()
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
}
