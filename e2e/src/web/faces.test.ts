import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Rest, rest } from '../fairway/rest.ts'
import { type Fairway, startFairway } from '../fairway/server.ts'
import { expectAccessible, launchBrowser, openPage, signIn } from './browser.ts'
import { concluded, runNames, SHOP, setUpAddon, setUpJobs } from './jobs-and-addon-setup.ts'

const TIMEOUT_MS = 60_000

let folder: string
let fairway: Fairway
let call: Rest
let browser: Browser
let page: Page
const broken: string[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fairway-faces-'))
  fairway = await startFairway({ dataFolder: join(folder, 'data') })
  call = rest(fairway.url, fairway.token())
  await setUpJobs({ call, folder })
  await setUpAddon(call)
  browser = await launchBrowser()
}, 120_000)

beforeEach(async () => {
  page = await openPage(browser, { url: fairway.url, token: fairway.token() })
  page.on('pageerror', (error) => broken.push(error.message))
})

afterEach(async () => {
  await page.context().close()
  expect(broken.splice(0)).toEqual([])
})

afterAll(async () => {
  await browser?.close()
  await fairway?.stopEverything()
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
}, 60_000)

const open = (path: string) => page.goto(fairway.url + path)
const nothing = () => page.getByRole('heading', { name: 'There is nothing here' })

test(
  'what does not exist says so and leads back; what is deleted while one looks at it does, too',
  async () => {
    for (const path of [`${SHOP}/jobs/none`, `${SHOP}/addons/none`, `${SHOP}/services/none`]) {
      await open(path)
      await nothing().waitFor()
      await expectAccessible(page)
    }
    await page.getByRole('link', { name: 'To the project shop' }).focus()
    const readAgain = page.waitForResponse(`**${SHOP}/services/none`)
    await call('PUT', `${SHOP}/jobs/manual`, { name: 'short-lived' })
    await readAgain
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Shop', level: 1 }).waitFor()
    await page.getByRole('navigation').getByRole('link', { name: 'short-lived' }).click()
    await page.getByRole('heading', { name: 'short-lived', level: 1 }).waitFor()
    await call('DELETE', `${SHOP}/jobs/short-lived`)
    await nothing().waitFor()
    await open('/projects/none')
    await nothing().waitFor()
    await page.getByRole('link', { name: 'To the projects' }).click()
    await page.getByRole('link', { name: 'Shop' }).first().waitFor()
  },
  TIMEOUT_MS,
)

test(
  'a token that may only read is offered nothing that it cannot do with jobs and addons',
  async () => {
    await call('POST', `${SHOP}/jobs/report/runs`, {})
    await call('POST', `${SHOP}/addons/shop-db/backups`, {})
    const { token } = await call('POST', '/tokens', { name: 'looks', permission: 'read' })
    await signIn(page, String(token))
    const allowed =
      /^(Log of |Navigation$|Use (dark|light) colours$|Sign out$|Older$|Newer$|Team|Pipelines|Services|Jobs|Addons)/
    const refused: string[] = []
    page.on('response', (response) => {
      if (response.status() === 403) refused.push(response.url())
    })
    for (const [path, tabs] of [
      [`${SHOP}/jobs/report`, ['runs', 'builds', 'variables', 'settings']],
      [`${SHOP}/addons/shop-db`, ['backups', 'schedules', 'restores', 'connection', 'settings']],
    ] as const)
      for (const tab of tabs) {
        const permission = page.waitForResponse('**/v1/login')
        await open(`${path}?tab=${tab}`)
        await permission
        await page.getByRole('heading', { level: 1 }).waitFor()
        await page.getByRole('status', { name: 'Loading' }).waitFor({ state: 'hidden' })
        const names = await page
          .getByRole('button')
          .evaluateAll((buttons) =>
            buttons.map((button) => button.getAttribute('aria-label') ?? button.textContent ?? ''),
          )
        expect(
          names.filter((name) => !allowed.test(name)),
          `${path} ${tab}`,
        ).toEqual([])
        await expectAccessible(page)
      }
    expect(refused).toEqual([])
  },
  TIMEOUT_MS,
)

test(
  'a wrong token is told, with the keyboard still in its field; a right one leads to the page that was asked for',
  async () => {
    await page.evaluate('localStorage.clear()')
    await open(`${SHOP}/jobs/report?tab=builds`)
    const field = page.getByLabel('Token', { exact: false }).first()
    await field.fill('not a token')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').getByText('This token is not known here').waitFor()
    expect(await page.evaluate('document.activeElement.type')).toBe('password')
    await expectAccessible(page)
    await page.keyboard.type(fairway.token())
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'report', level: 1 }).waitFor()
    expect(page.url()).toBe(`${fairway.url}${SHOP}/jobs/report?tab=builds`)
    await page.evaluate('localStorage.clear()')
    await open('/sign-in?from=%2F%2Felsewhere.example')
    await page.getByLabel('Token', { exact: false }).first().fill(fairway.token())
    await page.keyboard.press('Enter')
    await page.waitForURL(`${fairway.url}/`)
  },
  TIMEOUT_MS,
)

test(
  'a token revoked while a page is open leads to the sign-in, which says so, and back to the same page',
  async () => {
    const { id, token } = await call('POST', '/tokens', { name: 'lent', permission: 'write' })
    await signIn(page, String(token))
    await open(`${SHOP}/jobs/report?tab=builds`)
    await page.getByRole('heading', { name: 'report', level: 1 }).waitFor()
    await call('DELETE', `/tokens/${id}`)
    await page.getByText('Your token is not valid any more').waitFor()
    await expectAccessible(page)
    await page.getByLabel('Token', { exact: false }).first().fill(fairway.token())
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'report', level: 1 }).waitFor()
    expect(page.url()).toBe(`${fairway.url}${SHOP}/jobs/report?tab=builds`)
  },
  TIMEOUT_MS,
)

test(
  'what cannot be read says so, and can be tried again',
  async () => {
    const refused = (url: URL) => url.pathname.endsWith('/jobs/report/runs')
    await page.route(refused, (route) =>
      route.fulfill({ status: 500, json: { error: { message: 'No luck.' } } }),
    )
    await open(`${SHOP}/jobs/report`)
    await page.getByRole('alert').getByText('No luck.').waitFor()
    await expectAccessible(page)
    await page.unroute(refused)
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('columnheader', { name: 'Started by' }).waitFor()
  },
  TIMEOUT_MS,
)

test(
  'a part of the application that does not arrive is loaded again by itself, and else by a button',
  async () => {
    const parts = '**/assets/addon-page-*.js'
    const toAddon = () => page.getByRole('navigation').getByRole('link', { name: 'shop-db' }).click()
    const addon = page.getByRole('heading', { name: 'shop-db', level: 1 })
    await open(SHOP)
    await page.route(parts, (route) => route.abort(), { times: 1 })
    await toAddon()
    await addon.waitFor()
    await page.evaluate('sessionStorage.clear()')
    await open(SHOP)
    await page.route(parts, (route) => route.abort())
    await toAddon()
    await page.getByRole('alert').getByText('A part of this page did not arrive').waitFor()
    await expectAccessible(page)
    await page.unroute(parts)
    await page.getByRole('button', { name: 'Try again' }).click()
    await addon.waitFor()
  },
  TIMEOUT_MS,
)

/** Cuts the browser off, and back on once `meanwhile` is over. */
async function cutOff(meanwhile: () => Promise<unknown>): Promise<void> {
  const notice = page.getByText('Not connected')
  await page.context().setOffline(true)
  await notice.waitFor({ timeout: 30_000 })
  await meanwhile()
  await page.context().setOffline(false)
  await notice.waitFor({ state: 'hidden', timeout: 30_000 })
}

test(
  'what happened while the browser was cut off is seen afterwards, nothing lost and nothing twice',
  async () => {
    await open(`${SHOP}/jobs/nightly`)
    await page.getByText('Never run').waitFor()
    await cutOff(async () => {
      for (let run = 0; run < 3; run += 1) await call('POST', `${SHOP}/jobs/nightly/runs`, {})
      // So that no later event brings them.
      await concluded(call, 'nightly')
    })
    const rows = page.getByRole('row').filter({ has: page.getByRole('button', { name: /^Log of run / }) })
    const shown = () => rows.locator('td:first-child').allInnerTexts()
    const expected = await runNames(call, 'nightly')
    await expect.poll(shown, { timeout: 5_000 }).toEqual(expected)
    await call('POST', `${SHOP}/jobs/nightly/runs`, {})
    await concluded(call, 'nightly')
    await expect.poll(shown, { timeout: 5_000 }).toEqual(await runNames(call, 'nightly'))
    expect(expected).toHaveLength(3)
    await expectAccessible(page)
  },
  TIMEOUT_MS,
)

const LINES = 80
const COUNTS = `sh -c 'i=0; while [ $i -lt ${LINES} ]; do echo line $i; i=$((i+1)); sleep 0.1; done'`

test(
  'a log that is cut off in the middle goes on afterwards with each of its lines once',
  async () => {
    const counting = { deployment: { docker: { configType: 'customCommand', customCommand: COUNTS } } }
    await call('POST', `${SHOP}/jobs/report/runs`, counting)
    await open(`${SHOP}/jobs/report`)
    const [counter = ''] = await runNames(call, 'report')
    await page.getByRole('button', { name: `Log of run ${counter}` }).click()
    await page
      .getByRole('log')
      .getByText(/ line 3$/)
      .waitFor()
    await cutOff(() => Promise.resolve())
    await page.getByText('The log has ended.').waitFor({ timeout: 30_000 })
    const lines = await page.getByRole('log').innerText()
    expect(lines.match(/line \d+/g)).toEqual(Array.from({ length: LINES }, (_, line) => `line ${line}`))
  },
  TIMEOUT_MS,
)
