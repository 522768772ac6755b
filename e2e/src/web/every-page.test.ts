import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rest } from '../fairway/rest.ts'
import { type Fairway, startFairway } from '../fairway/server.ts'
import { launchBrowser, openPage, seriousFindings } from './browser.ts'
import { fillFairway, type PageParts } from './full-fairway.ts'

const router = readFileSync(fileURLToPath(new URL('../../../web/src/router.tsx', import.meta.url)), 'utf8')
/** Those of the application itself, so that a new page is looked at, too. */
const paths = [...router.matchAll(/page\(\s*'([^']+)'/g)].map(([, path]) => path ?? '')

const views = [
  { title: 'wide and light', width: 1280, height: 900, scheme: 'light' },
  { title: 'narrow and dark', width: 390, height: 844, scheme: 'dark' },
] as const

let folder: string
let fairway: Fairway
let browser: Browser
let parts: PageParts

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fairway-pages-'))
  fairway = await startFairway({ dataFolder: join(folder, 'data') })
  ;({ parts } = await fillFairway({ fairway, call: rest(fairway.url, fairway.token()), folder }))
  browser = await launchBrowser()
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await fairway?.stopEverything()
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
}, 60_000)

/** `$runId` is one of a template where the path is. */
const addressOf = (path: string): string =>
  path.replace(/\$(\w+)/g, (_, name: string) => {
    const own = name === 'runId' && path.includes('templates') ? runOf(path) : name
    const part = parts[own]
    if (part === undefined) throw new Error(`nothing is made for ${path}: ${name}`)
    return part
  })

const runOf = (path: string): string => (path.startsWith('/team') ? 'teamRunId' : 'projectRunId')

/** Whether a stage has a flow is asked by reading it. */
const isAskedWhether = (url: string): boolean => /\/release-flows\/\w+$/.test(url)

const overflow = (page: Page): Promise<number> =>
  page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')

test('the pages of the application are known', () => expect(paths.length).toBeGreaterThan(30))

describe.each(views)('$title', ({ width, height, scheme }) => {
  test('every page is accessible, fits, and breaks nowhere', async () => {
    const options = { viewport: { width, height }, colorScheme: scheme }
    const page = await openPage(browser, { url: fairway.url, token: fairway.token(), options })
    await page.evaluate(`localStorage.setItem('mantine-color-scheme-value', '${scheme}')`)
    const broken: string[] = []
    let at = ''
    page.on('pageerror', (error) => broken.push(`${at}: ${error.message}`))
    page.on('response', (response) => {
      if (response.status() >= 400 && !isAskedWhether(response.url()))
        broken.push(`${at}: ${response.status()} of ${response.url()}`)
    })
    for (const path of [...paths, '/sign-in']) {
      at = path
      await page.goto(fairway.url + addressOf(path))
      await page.getByRole('heading', { level: 1 }).first().waitFor()
      await page.waitForLoadState('load')
      const wide = await overflow(page)
      if (wide > 0) broken.push(`${at}: ${wide} pixels too wide`)
      broken.push(...(await seriousFindings(page)).map((finding) => `${at}: ${finding}`))
    }
    await page.context().close()
    expect(broken).toEqual([])
  }, 180_000)
})
