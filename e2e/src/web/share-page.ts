import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { rest } from '../fairway/rest.ts'
import { type Fairway, startFairway } from '../fairway/server.ts'
import type { TestFairway } from '../fairway/test-fairway.ts'
import { launchBrowser, openPage } from './browser.ts'

type SharedPage = TestFairway & { page: Page }

/**
 * For tests of one file that share a Fairway and a signed-in page, because what they look at takes long to set up.
 * `begin` sets it up, and keeps what the tests need. What breaks on the page fails the test that looks at it.
 */
export function sharePage(begin: (shared: SharedPage) => Promise<void>): void {
  let folder: string
  let fairway: Fairway | undefined
  let browser: Browser | undefined
  const broken: string[] = []

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fairway-page-'))
    fairway = await startFairway({ dataFolder: join(folder, 'data') })
    browser = await launchBrowser()
    const page = await openPage(browser, { url: fairway.url, token: fairway.token() })
    page.on('pageerror', (error) => broken.push(error.message))
    await begin({ fairway, folder, page, call: rest(fairway.url, fairway.token()) })
  }, 120_000)

  afterEach(() => expect(broken.splice(0)).toEqual([]))

  afterAll(async () => {
    await browser?.close()
    await fairway?.stopEverything()
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }, 60_000)
}
