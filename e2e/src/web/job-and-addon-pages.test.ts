import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { type Json, type Rest, RestError } from '../fairway/rest.ts'
import type { Fairway } from '../fairway/server.ts'
import type { ShopRepository } from '../fairway/shop-repository.ts'
import { expectAccessible } from './browser.ts'
import { addonIs, SHOP, setUpAddon, setUpJobs } from './jobs-and-addon-setup.ts'
import { sharePage } from './share-page.ts'

const TIMEOUT_MS = 90_000

let fairway: Fairway
let call: Rest
let repository: ShopRepository
let page: Page

sharePage(async ({ folder, ...shared }) => {
  ;({ fairway, call, page } = shared)
  repository = await setUpJobs({ call, folder })
  await setUpAddon(call)
})

const dialog = () => page.getByRole('dialog')
const open = (path: string) => page.goto(fairway.url + path)
const job = (id: string) => call('GET', `${SHOP}/jobs/${id}`)

/** Chooses in a select by what is written. */
async function choose(label: string, option: string): Promise<void> {
  await page.getByRole('combobox', { name: label, exact: true }).click()
  await page.getByRole('option', { name: option, exact: true }).click()
}

async function fromMenu(item: string): Promise<void> {
  await page.getByRole('button', { name: 'More actions' }).click()
  await page.getByRole('menuitem', { name: item, exact: true }).click()
}

/** A dialog that asks for a name does nothing before it was given. */
async function confirmByName(name: string, action: string): Promise<void> {
  const button = dialog().getByRole('button', { name: action, exact: true })
  await button.waitFor()
  expect(await button.isDisabled()).toBe(true)
  await expectAccessible(page)
  await dialog().getByLabel(`Type "${name}" to confirm`).fill(name)
  await button.click()
}

const statusOf = (path: string): Promise<number> =>
  call('GET', path).then(
    () => 200,
    (error: unknown) => (error instanceof RestError ? error.status : 0),
  )

test(
  'a run with changes prints the changed variable in its log; the job keeps its own',
  async () => {
    await open(`${SHOP}/jobs/report`)
    await page.getByRole('button', { name: 'Run', exact: true }).click()
    await dialog().getByRole('button', { name: 'Add a variable' }).click()
    await dialog().getByLabel('Name', { exact: true }).fill('MARK')
    await dialog().getByLabel('Value of MARK').fill('for this run')
    await expectAccessible(page)
    await dialog().getByRole('button', { name: 'Run', exact: true }).click()
    await page.getByRole('log').getByText('mark=for this run').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Run', exact: true }).click()
    await dialog().getByRole('button', { name: 'Run', exact: true }).click()
    await page.getByRole('log').getByText('mark=own').waitFor()
    await expectAccessible(page)
  },
  TIMEOUT_MS,
)

test(
  'another command for one run is run; one that is not whole is refused at its field',
  async () => {
    await open(`${SHOP}/jobs/report`)
    await page.getByRole('button', { name: 'Run', exact: true }).click()
    await choose('What starts', 'Another command')
    const command = dialog().getByRole('textbox', { name: 'Command', exact: true })
    await command.fill("sh -c 'echo open")
    await dialog().getByRole('button', { name: 'Run', exact: true }).click()
    await dialog().getByText('has a quote that is not closed').waitFor()
    await command.fill("sh -c 'echo another command'")
    await dialog().getByRole('button', { name: 'Run', exact: true }).click()
    await page.getByRole('log').getByText('another command').waitFor()
  },
  TIMEOUT_MS,
)

test(
  'a schedule, its policy, retries and the time limit are changed by the form, and nothing else is',
  async () => {
    const before = await job('nightly')
    await open(`${SHOP}/jobs/nightly?tab=settings`)
    await page.getByLabel('Schedule', { exact: false }).fill('99 3 * * *')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('is not a cron schedule').waitFor()
    await page.getByRole('button', { name: 'Discard' }).click()
    expect(await page.getByLabel('Schedule', { exact: false }).inputValue()).toBe('0 3 * * *')
    await page.getByLabel('Schedule', { exact: false }).fill('30 4 * * *')
    await choose('When the run before is not over', 'Leave this time out')
    await page.getByLabel('Retries').fill('2')
    await page.getByLabel('Time limit in seconds').fill('120')
    await page.getByLabel('Memory, MB', { exact: true }).fill('256')
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved. The next runs and builds use it.').waitFor()
    const { settings, resources, ...others } = await job('nightly')
    expect(settings).toMatchObject({
      backoffLimit: 2,
      activeDeadlineSeconds: 120,
      cron: { schedule: '30 4 * * *', concurrencyPolicy: 'Forbid' },
    })
    expect(resources).toEqual({ memoryMb: 256 })
    const { settings: _settings, updatedAt: _updatedAt, ...unchanged } = before
    expect(others).toMatchObject(unchanged)
    await page.getByText('04:30 UTC').waitFor()
  },
  TIMEOUT_MS,
)

test(
  'a schedule is suspended and goes on; a paused job is resumed',
  async () => {
    await open(`${SHOP}/jobs/nightly`)
    await fromMenu('Suspend the schedule')
    await page.getByText('suspended', { exact: true }).waitFor()
    expect((await job('nightly')).suspended).toBe(true)
    await fromMenu('Go on with the schedule')
    await page.getByText('suspended', { exact: true }).waitFor({ state: 'hidden' })
    await fromMenu('Pause')
    await dialog().getByRole('button', { name: 'Pause' }).click()
    await page.getByText('paused', { exact: true }).waitFor()
    expect(await job('nightly')).toMatchObject({ paused: true, disabledCI: true })
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByText('paused', { exact: true }).waitFor({ state: 'hidden' })
    expect(await job('nightly')).toMatchObject({ paused: false, suspended: false, disabledCI: false })
  },
  TIMEOUT_MS,
)

test(
  'a build is started, and an older one deployed by hand is what the next runs run',
  async () => {
    const { artifact: first } = await job('report')
    repository.commitSecond()
    await open(`${SHOP}/jobs/report?tab=builds`)
    await page.getByRole('button', { name: 'Start a build' }).click()
    await dialog().getByRole('button', { name: 'Start', exact: true }).click()
    await expect.poll(async () => (await job('report')).artifact, { timeout: 30_000 }).not.toBe(first)
    await dialog().getByText('success', { exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await fromMenu('Deploy a version')
    await dialog().getByRole('combobox', { name: 'Build' }).click()
    await page.getByRole('option', { name: 'Open the shop' }).click()
    await expectAccessible(page)
    await dialog().getByRole('button', { name: 'Deploy', exact: true }).click()
    await dialog().waitFor({ state: 'hidden' })
    expect(await job('report')).toMatchObject({ artifact: first, disabledCD: true })
  },
  TIMEOUT_MS,
)

const schedules = async (): Promise<Json[]> =>
  (await call('GET', `${SHOP}/addons/shop-db/backup-schedules`)).backupSchedules as Json[]

test(
  'a backup schedule is made, changed and removed',
  async () => {
    await open(`${SHOP}/addons/shop-db?tab=schedules`)
    await page.getByText('No schedule yet').waitFor()
    await page.getByRole('button', { name: 'New schedule' }).click()
    await dialog().getByLabel('Kept for days').fill('90')
    await dialog().getByRole('button', { name: 'Create' }).click()
    await dialog().getByText('daily backups are kept at most 60 days').waitFor()
    await dialog().getByLabel('Kept for days').fill('14')
    await expectAccessible(page)
    await dialog().getByRole('button', { name: 'Create' }).click()
    await page.getByText('Every day at 03:00 (UTC)').waitFor()
    const daily = { scheduling: { interval: 'daily', hour: [3], minute: [0] }, retentionTime: 14 }
    expect(await schedules()).toMatchObject([{ spec: daily }])
    await page.getByRole('button', { name: 'Change the schedule: Every day' }).click()
    await choose('How often', 'Every hour')
    await dialog().getByLabel('Kept for days').fill('2')
    await dialog().getByRole('button', { name: 'Save' }).click()
    await page.getByText('Every hour at minute 00').waitFor()
    const hourly = { scheduling: { interval: 'hourly', minute: [0] }, retentionTime: 2 }
    expect(await schedules()).toMatchObject([{ spec: hourly }])
    await page.getByRole('button', { name: 'Delete hourly snapshot' }).click()
    await confirmByName('hourly snapshot', 'Delete the schedule')
    await page.getByText('No schedule yet').waitFor()
    expect(await schedules()).toEqual([])
  },
  TIMEOUT_MS,
)

test(
  'a restore says what will be lost, asks for the name, shows how far it is, and keeps the data it replaces',
  async () => {
    await open(`${SHOP}/addons/shop-db`)
    await page.getByRole('button', { name: 'Back up now' }).click()
    await dialog().getByLabel('Name', { exact: false }).fill('before the change')
    await dialog().getByRole('button', { name: 'Back up', exact: true }).click()
    await page.getByRole('button', { name: 'Restore before the change' }).click({ timeout: 30_000 })
    await dialog().getByText('what was written since then is not in it any more').waitFor()
    await confirmByName('shop-db', 'Restore before the change')
    await page.getByText('A restore is under way').waitFor()
    await page.getByRole('tab', { name: 'Restores' }).click()
    await page.getByText('were read before it took over').waitFor({ timeout: 60_000 })
    await page.getByText('A restore is under way').waitFor({ state: 'hidden' })
    await expectAccessible(page)
    const { generation, keptGenerations } = await call('GET', `${SHOP}/addons/shop-db`)
    expect({ generation, keptGenerations }).toEqual({ generation: 2, keptGenerations: [1] })
    await page.getByRole('button', { name: 'Remove shop-db 1' }).click()
    await confirmByName('shop-db 1', 'Remove the kept data')
    await page.getByText('Data from before a restore').waitFor({ state: 'hidden' })
  },
  TIMEOUT_MS,
)

test(
  'connection details are masked until asked for; settings are saved; an addon is paused and resumed',
  async () => {
    await open(`${SHOP}/addons/shop-db?tab=connection`)
    await page.getByText('Connection details are secret').waitFor()
    const { secrets } = await call('GET', `${SHOP}/addons/shop-db/credentials`)
    const password = (secrets as Record<string, string>).PASSWORD ?? Object.values(secrets as object)[0]
    expect(await page.content()).not.toContain(password)
    await page.getByRole('button', { name: 'Show them' }).click()
    await page.locator('input[type=password]').first().waitFor()
    await expectAccessible(page)
    await page.getByRole('tab', { name: 'Settings' }).click()
    await page.getByLabel('Description').fill('Orders and customers')
    await page.getByLabel('Storage in MB').fill('512')
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved.', { exact: true }).waitFor()
    expect(await call('GET', `${SHOP}/addons/shop-db`)).toMatchObject({
      description: 'Orders and customers',
      spec: { config: { deployment: { storageSize: 512 } } },
    })
    await fromMenu('Pause')
    await dialog().getByRole('button', { name: 'Pause' }).click()
    await page.getByText('paused', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByText('running', { exact: true }).waitFor({ timeout: 30_000 })
  },
  TIMEOUT_MS,
)

test(
  'a job and an addon are deleted once their names were typed',
  async () => {
    await open(`${SHOP}/jobs/nightly`)
    await fromMenu('Delete')
    await confirmByName('nightly', 'Delete nightly')
    await page.waitForURL(`${fairway.url}${SHOP}`)
    expect(await statusOf(`${SHOP}/jobs/nightly`)).toBe(404)
    await page.getByRole('link', { name: 'nightly' }).first().waitFor({ state: 'hidden' })
    await addonIs(call, 'running')
    await open(`${SHOP}/addons/shop-db`)
    await fromMenu('Delete')
    await confirmByName('shop-db', 'Delete shop-db')
    await page.waitForURL(`${fairway.url}${SHOP}`)
    await expect.poll(() => statusOf(`${SHOP}/addons/shop-db`), { timeout: 30_000 }).toBe(404)
    await page.getByRole('link', { name: 'shop-db', exact: true }).first().waitFor({ state: 'hidden' })
  },
  TIMEOUT_MS,
)
