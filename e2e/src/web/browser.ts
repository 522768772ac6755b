/** For tests: a real Chromium that looks at a Fairway. A missing one fails the test. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'
import type { FairwayOptions } from '../fairway/server.ts'
import { type TestFairway, withFairway } from '../fairway/test-fairway.ts'

/** How long a page may take to show what a test waits for. */
export const WAIT_MS = 15_000

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })

type Opening = { url: string; token?: string; options?: BrowserContextOptions }

/** A new page of a browser of its own; with a token it is signed in. */
export async function openPage(browser: Browser, { url, token, options = {} }: Opening): Promise<Page> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  page.setDefaultTimeout(WAIT_MS)
  if (token === undefined) return page
  await page.goto(`${url}/sign-in`)
  await signIn(page, token)
  return page
}

export const signIn = (page: Page, token: string): Promise<void> =>
  page.evaluate(`localStorage.setItem('fairway.token', ${JSON.stringify(token)})`)

export type Looking = TestFairway & { page: Page; browser: Browser }

/** Runs `work` with a Fairway of its own and a signed-in page; what breaks on the page fails the test. */
export const withPage = (
  work: (looking: Looking) => Promise<void>,
  { env, ...options }: BrowserContextOptions & Pick<FairwayOptions, 'env'> = {},
): Promise<void> =>
  withFairway(
    async (started) => {
      const browser = await launchBrowser()
      try {
        const { url } = started.fairway
        const page = await openPage(browser, { url, token: started.fairway.token(), options })
        const broken: string[] = []
        page.on('pageerror', (error) => broken.push(error.message))
        await work({ ...started, page, browser })
        expect(broken).toEqual([])
      } finally {
        await browser.close()
      }
    },
    env === undefined ? {} : { env },
  )

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

type Violation = { id: string; impact: string; nodes: { html: string }[] }

/** What axe finds that is serious or critical, a line for each rule. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // Handed to the debugger, which the content policy does not bind.
  await page.evaluate(axe)
  const found = await page.evaluate<Violation[]>('axe.run(document).then(({ violations }) => violations)')
  return found
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

/** Once nothing fades in or out any more: what is half there has too little contrast. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.getByRole('menu').waitFor({ state: 'hidden' })
  await expect.poll(() => page.evaluate<number>(FADING)).toBe(0)
  expect(await seriousFindings(page)).toEqual([])
}

const FADING =
  'document.getAnimations().filter((one) => one.effect.getComputedTiming().iterations !== Infinity).length'
