import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { getByHost } from '../fairway/get-by-host.ts'
import type { Json, Rest } from '../fairway/rest.ts'
import type { Fairway } from '../fairway/server.ts'
import { createShopRepository } from '../fairway/shop-repository.ts'
import { PROJECT, setUpShop } from '../fairway/shop-setup.ts'
import { waitFor } from '../fairway/wait-for.ts'
import { expectAccessible } from './browser.ts'
import { release } from './full-fairway.ts'
import { sharePage } from './share-page.ts'

const TIMEOUT_MS = 120_000
const SERVICE = `/projects/${PROJECT}/services/shop-staging`
const BUILDER = `/projects/${PROJECT}/services/shop-builder`

let fairway: Fairway
let call: Rest
let page: Page
/** The commits of the two builds, older first. */
let first: string
let second: string

sharePage(async ({ folder, ...shared }) => {
  ;({ fairway, call, page } = shared)
  const repository = createShopRepository(join(folder, 'shop'))
  first = repository.head()
  await setUpShop(call, repository.url)
  await release(call, 'Staging', 'First to staging')
  second = repository.commit('Paint the door', (work) => writeFileSync(join(work, 'DOOR'), 'green'))
  const { id } = await call('POST', `${BUILDER}/build`, { branch: 'main', sha: second })
  await waitFor(
    'the second build',
    async () => (await call('GET', `${BUILDER}/build/${id}`)).success === true,
    {
      deadlineMs: 60_000,
    },
  )
  await call('POST', `${SERVICE}/deployment`, {
    internal: { id: 'shop-builder', branch: 'main', buildSHA: 'latest' },
  })
  await serves(second)
})

const dialog = () => page.getByRole('dialog')
const service = () => call('GET', SERVICE)
const open = (tab: string, path = SERVICE) => page.goto(`${fairway.url}${path}?tab=${tab}`)
const save = () => page.getByRole('button', { name: 'Save', exact: true }).click()

/** What callers get: the answer names the commit. */
const servedNow = async (): Promise<string> =>
  (await getByHost(fairway.gatewayUrl, `shop-staging--${PROJECT}.localhost`)).body

const serves = (sha: string): Promise<unknown> =>
  waitFor(`${sha.slice(0, 7)} to be served`, async () => (await servedNow()).includes(sha.slice(0, 7)), {
    deadlineMs: 60_000,
  })

/** Chooses in a select by the start of what is written. */
async function choose(label: string, option: string | RegExp): Promise<void> {
  await page.getByRole('combobox', { name: label }).first().click()
  await page.getByRole('option', { name: option }).first().click()
}

test(
  'an older build deployed by hand is served, turns continuous deployment off and says who did it',
  async () => {
    await open('settings')
    const cd = page.getByRole('switch', { name: /CD/ })
    await cd.waitFor()
    expect(await cd.isChecked()).toBe(true)
    await page.getByRole('button', { name: 'Deploy', exact: true }).click()
    await choose('Build', new RegExp(`^${first.slice(0, 7)}`))
    await dialog().getByText('New versions are not deployed by themselves').waitFor()
    await expectAccessible(page)
    await dialog().getByRole('button', { name: 'Deploy', exact: true }).click()
    await serves(first)
    await page.getByText(`It went off when ${first.slice(0, 7)} was deployed by hand`).waitFor()
    expect(await cd.isChecked()).toBe(false)
    await page.getByRole('link', { name: 'CD is off' }).waitFor()
    await open('instances')
    const rows = page.getByRole('region', { name: 'Table: Version' }).getByRole('row')
    await rows
      .filter({ hasText: first.slice(0, 7) })
      .filter({ hasText: 'serves' })
      .first()
      .waitFor()
    await rows
      .filter({ hasText: second.slice(0, 7) })
      .filter({ hasText: 'completed' })
      .first()
      .waitFor()
    await expectAccessible(page)
  },
  TIMEOUT_MS,
)

test(
  'the newest build comes back with its branch, which is followed from then on',
  async () => {
    await open('settings')
    await page.getByText('It went off when').waitFor()
    await page.getByRole('switch', { name: /CD/ }).click({ force: true })
    await dialog().getByRole('button', { name: 'Deploy and follow' }).click()
    await serves(second)
    expect(await service()).toMatchObject({ disabledCD: false, deployment: { follows: { pinned: false } } })
    await page.getByRole('link', { name: 'CD is off' }).waitFor({ state: 'detached' })
  },
  TIMEOUT_MS,
)

test(
  'settings that were saved are what the service has, and what cannot be is refused at its field',
  async () => {
    await open('settings')
    await page.getByLabel('Time for requests, seconds').fill('99999')
    await save()
    await page.getByText(/3600/).waitFor()
    await expectAccessible(page)
    await page.getByLabel('Time for requests, seconds').fill('3')
    await page.getByLabel('Description').fill('The shop before it is sold')
    await page.getByLabel('Memory, MB', { exact: true }).fill('700')
    await choose('In which order', 'Half of them at a time')
    await save()
    await page.getByText('Saved.').waitFor()
    expect(await service()).toMatchObject({
      description: 'The shop before it is sold',
      resources: { memoryMb: 700 },
      deployment: { drainSeconds: 3, gracePeriodSeconds: 15, strategy: { type: 'rollout-balanced' } },
    })
    await open('settings', BUILDER)
    await page.getByRole('combobox', { name: 'Branches that are built' }).fill('release/*')
    await page.keyboard.press('Enter')
    await page.getByRole('switch', { name: /CI/ }).click({ force: true })
    await page.getByRole('link', { name: 'CI is off' }).waitFor()
    await save()
    await page.getByText('Saved.').waitFor()
    expect(await call('GET', BUILDER)).toMatchObject({
      disabledCI: true,
      buildConfiguration: { branchRestrictions: ['main', 'release/*'] },
    })
    await expectAccessible(page)
  },
  TIMEOUT_MS,
)

test(
  'a probe of a wrong path fails with its answer on the page, while the version before serves',
  async () => {
    await open('checks')
    await page.getByRole('region', { name: 'Table: Readiness of' }).getByText('passes').first().waitFor()
    const path = page.getByRole('group', { name: 'Readiness probe' }).getByLabel('Path')
    await path.fill('nowhere')
    await save()
    await page.getByText('must start with /').waitFor()
    await path.fill('/nowhere')
    await save()
    const failing = page
      .getByRole('region', { name: 'Table: Readiness of' })
      .getByRole('row')
      .filter({ hasText: 'fails' })
    await failing.getByText('nothing at /nowhere').waitFor({ timeout: 60_000 })
    await expectAccessible(page)
    expect(await servedNow()).toContain(second.slice(0, 7))
    await path.fill('/ready')
    await save()
    await waitFor('the rollout to end', async () => {
      const { status } = await service()
      return ((status as Json).deployment as Json).status === 'COMPLETED'
    })
  },
  TIMEOUT_MS,
)

test(
  'the log of all instances is searched, live and in a time that has passed',
  async () => {
    await open('logs')
    const log = page.getByRole('log')
    await log
      .getByText(`shop ${second.slice(0, 7)} listens`)
      .first()
      .waitFor()
    await page.getByLabel('Search in the log').fill('no such words')
    await log.getByText('No line holds these words.').waitFor()
    await choose('Time', 'The last hour')
    // Of the version that was deployed before, whose instance is gone.
    await log
      .getByText(`shop ${first.slice(0, 7)} listens`)
      .first()
      .waitFor()
    await page.getByLabel('Search in the log').fill(first.slice(0, 7))
    await log.getByText(`shop ${second.slice(0, 7)} listens`).waitFor({ state: 'detached' })
    await expectAccessible(page)
    const words = `shop ${first.slice(0, 7)} listens`
    const found = `${SERVICE}/logs?lineLimit=1&textIncludes=${encodeURIComponent(words)}`
    // Not the last line of its log: that says that it stops.
    expect(await call('GET', found)).toMatchObject([{ log: expect.stringContaining(words) }])
    await choose('Time', 'Between two moments')
    await page.getByLabel('To', { exact: true }).fill('2020-01-01T00:00')
    await log.getByText('Nothing was written in that time.').waitFor()
  },
  TIMEOUT_MS,
)
