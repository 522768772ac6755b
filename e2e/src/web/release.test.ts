import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { freePorts } from '../fairway/free-ports.ts'
import { type Rest, rest } from '../fairway/rest.ts'
import { type Fairway, startFairway } from '../fairway/server.ts'
import { createShopRepository, type ShopRepository } from '../fairway/shop-repository.ts'
import { flowPath, PIPELINE, PROJECT, setUpShop } from '../fairway/shop-setup.ts'
import { expectAccessible, launchBrowser, openPage } from './browser.ts'
import { release } from './full-fairway.ts'

const BOARD = `/projects/${PROJECT}/pipelines/${PIPELINE}`
const TIMEOUT_MS = 90_000

let folder: string
let ports: { api: number; gateway: number }
let fairway: Fairway
let call: Rest
let repository: ShopRepository
let browser: Browser
let page: Page
const broken: string[] = []

const start = () => startFairway({ dataFolder: join(folder, 'data'), ports })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fairway-browser-'))
  const [api, gateway] = await freePorts(2)
  ports = { api: api ?? 0, gateway: gateway ?? 0 }
  fairway = await start()
  call = rest(fairway.url, fairway.token())
  repository = createShopRepository(join(folder, 'shop'))
  await setUpShop(call, repository.url)
  await release(call, 'Staging', 'First to staging')
  browser = await launchBrowser()
  page = await openPage(browser, { url: fairway.url, token: fairway.token() })
  page.on('pageerror', (error) => broken.push(error.message))
}, 120_000)

afterEach(() => expect(broken.splice(0)).toEqual([]))

afterAll(async () => {
  await browser?.close()
  await fairway?.stopEverything()
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
}, 60_000)

const stage = (name: string) => page.getByRole('region', { name, exact: true })

/** Runs a stage's flow by the dialog of the board; the page of the run is open afterwards. */
async function run(name: string, title: string): Promise<void> {
  await page.goto(fairway.url + BOARD)
  await stage(name).getByRole('button', { name: 'Run' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill(title)
  await dialog.getByRole('button', { name: 'Run', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: title }).waitFor()
}

/** The state of the run, which comes without a reload. */
const becomes = (status: string): Promise<void> =>
  page.locator('header, main').getByText(status, { exact: true }).first().waitFor({ timeout: 60_000 })

let firstRelease: string

test(
  'a release is planned, run and watched to its end, with a receipt of what callers saw',
  async () => {
    await page.goto(fairway.url + BOARD)
    await stage('Production').getByRole('button', { name: 'Run' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('shop-migrate').first().waitFor()
    await expectAccessible(page)
    await dialog.getByLabel('Name').fill('First to production')
    await dialog.getByRole('button', { name: 'Run', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: 'First to production' }).waitFor()
    await page.getByRole('button', { name: 'Roll back to this release' }).waitFor({ timeout: 60_000 })
    await becomes('success')
    await page.getByRole('article', { name: 'Receipt of shop' }).waitFor()
    firstRelease = page.url()
    await expectAccessible(page)
  },
  TIMEOUT_MS,
)

const migration = (command: string | undefined) =>
  call('PATCH', `/projects/${PROJECT}/jobs/manual/shop-migrate`, {
    deployment: {
      docker:
        command === undefined
          ? { configType: 'default' }
          : { configType: 'customCommand', customCommand: command },
    },
  })

test(
  'a failed migration says why, with its log, and the release goes on from there once that is mended',
  async () => {
    repository.commitSecond()
    await release(call, 'Staging', 'Second to staging')
    await migration("sh -c 'echo cannot alter the table >&2; exit 3'")
    await run('Production', 'Second to production')
    await page.getByRole('button', { name: 'Retry from what failed' }).waitFor({ timeout: 60_000 })
    await page.getByRole('alert').getByText('exited with code 3').waitFor()
    await page.getByTestId('rf__wrapper').getByText('shop-migrate', { exact: true }).click()
    const log = page.getByRole('region', { name: 'Step' }).getByRole('log')
    await log.getByText('cannot alter the table').waitFor()
    await expectAccessible(page)
    await migration(undefined)
    await page.getByRole('button', { name: 'Retry from what failed' }).click()
    await page.getByRole('button', { name: 'Roll back to this release' }).waitFor({ timeout: 60_000 })
  },
  TIMEOUT_MS,
)

test(
  'an earlier release comes back, after its plan was shown',
  async () => {
    await page.goto(firstRelease)
    await page.getByRole('button', { name: 'Roll back to this release' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Backups taken since then').waitFor()
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Roll back', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: /rollback/i }).waitFor()
    await becomes('success')
    await page.goto(`${fairway.url}${BOARD}/production/runs`)
    await expect.poll(() => page.getByRole('row').count()).toBeGreaterThan(3)
  },
  TIMEOUT_MS,
)

test(
  'a step waits for a person, who approves it; another run is aborted',
  async () => {
    await call('POST', flowPath('Development'), {
      apiVersion: 'v1.2',
      spec: {
        kind: 'Workflow',
        spec: {
          type: 'sequential',
          steps: [{ kind: 'Approval', ref: 'people', spec: { amount: 1 } }],
        },
      },
    })
    await run('Development', 'To be approved')
    await page.getByText('Waiting for an approval: people').waitFor()
    await expectAccessible(page)
    await page.getByLabel('Comment').fill('looks good')
    await page.getByRole('button', { name: 'Approve' }).click()
    await becomes('success')
    await run('Development', 'To be aborted')
    await page.getByText('Waiting for an approval: people').waitFor()
    await page.getByRole('button', { name: 'Abort' }).click()
    await page.getByRole('button', { name: 'Abort the run' }).click()
    await becomes('aborted')
  },
  TIMEOUT_MS,
)

test(
  'a page outlives its server: it says that it waits, and shows what happens afterwards, once',
  async () => {
    await page.goto(`${fairway.url}${BOARD}/development/runs`)
    await page.getByText('To be aborted').waitFor()
    await fairway.kill()
    await page.getByText('Not connected').waitFor({ timeout: 30_000 })
    fairway = await start()
    await call('POST', `${flowPath('Development')}/runs`, { name: 'After the break' })
    await page.getByRole('link', { name: 'After the break' }).waitFor({ timeout: 30_000 })
    expect(await page.getByRole('link', { name: 'After the break' }).count()).toBe(1)
  },
  TIMEOUT_MS,
)
