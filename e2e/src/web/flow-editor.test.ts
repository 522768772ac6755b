import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { Rest } from '../fairway/rest.ts'
import { expectAccessible, WAIT_MS, withPage } from './browser.ts'

const FLOW = '/projects/shop/pipelines/ship/release-flows/production'
const EDITOR = '/projects/shop/pipelines/ship/production/flow'
const HOOK = 'https://chat.example.com/hook'

test(
  'a flow is built with the palette, the keyboard and forms, undone and redone, and saved as its text shows it',
  () =>
    withPage(async ({ page, call, fairway }) => {
      await setUp(call)
      await page.goto(fairway.url + EDITOR)
      await add(page, 'Approval')
      await page.getByLabel('amount').fill('3')
      await textShows(page, 'amount: 3')
      await addByKeyboard(page, 'Message')
      await page.getByLabel('webhookUrl').fill(HOOK)
      await page.getByRole('textbox', { name: 'message' }).fill('Shipped')
      await textShows(page, 'message: Shipped')
      await expectAccessible(page)

      await page.getByRole('button', { name: 'Undo' }).click()
      await expect.poll(() => textOf(page), { timeout: WAIT_MS }).not.toContain('Shipped')
      await page.getByRole('button', { name: 'Redo' }).click()
      await textShows(page, 'message: Shipped')

      await chooseByKeyboard(page, 'Approval')
      await page.getByRole('region', { name: 'Step' }).getByRole('heading', { name: 'Approval' }).waitFor()
      await save(page, 1)
      const { spec } = await call('GET', FLOW)
      expect(spec).toMatchObject({
        spec: {
          steps: [
            { kind: 'Approval', spec: { amount: 3 } },
            { kind: 'Message', spec: { message: 'Shipped', webhookUrl: HOOK } },
          ],
        },
      })
    }),
  120_000,
)

test(
  'text that breaks a rule is marked at its line and at its step, and cannot be saved until it is put right',
  () =>
    withPage(async ({ page, call, fairway }) => {
      await setUp(call)
      await call('POST', FLOW, approvals(1))
      await page.goto(fairway.url + EDITOR)
      await textShows(page, 'amount: 1')
      await retype(page, (text) => text.replace('amount: 1', 'amount: many'))
      await expect
        .poll(() => lineOf(page, '.cm-lintRange-error'), { timeout: WAIT_MS })
        .toContain('amount: many')
      await page.getByRole('alert').getByText('amount must be a whole number').waitFor()
      expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)

      await retype(page, (text) => text.replace('amount: many', 'amount: ]'))
      await expect
        .poll(() => lineOf(page, '.cm-lintRange-error'), { timeout: WAIT_MS })
        .toContain('amount: ]')
      await retype(page, (text) => text.replace('amount: ]', 'amount: 2'))
      await save(page, 2)
      expect(await call('GET', FLOW)).toMatchObject({ spec: { spec: { steps: [{ spec: { amount: 2 } }] } } })
    }),
  120_000,
)

test(
  'triggers, the policy and arguments are set by forms; an older version is compared and brought back',
  () =>
    withPage(async ({ page, call, fairway }) => {
      await setUp(call)
      await call('POST', FLOW, approvals(1))
      await page.goto(`${fairway.url}${EDITOR}?tab=settings`)
      await choose(page, 'concurrencyPolicy', 'latest')
      await page.getByRole('button', { name: 'Add to triggers' }).click()
      await choose(page, 'kind', 'cron')
      await page.getByLabel(/^cron/).fill('0 6 * * 1')
      await page.getByLabel('New argument').fill('REGION')
      await page.getByRole('button', { name: 'Add the argument' }).click()
      await page.getByLabel('REGION', { exact: true }).fill('eu')
      await expectAccessible(page)
      await save(page, 2)
      expect(await call('GET', FLOW)).toMatchObject({
        options: { concurrencyPolicy: 'latest' },
        triggers: [{ kind: 'cron', spec: { cron: '0 6 * * 1' } }],
        arguments: { REGION: 'eu' },
      })

      await page.getByRole('tab', { name: 'Versions' }).click()
      await page.getByRole('button', { name: 'Show what version 2 changed' }).click()
      await page.getByRole('region', { name: 'What version 2 changed' }).getByText('REGION: eu').waitFor()
      await page.getByRole('button', { name: 'Show what version 1 changed' }).click()
      await page.getByRole('region', { name: 'What restoring version 1 would change' }).waitFor()
      await expectAccessible(page)
      await page.getByRole('button', { name: 'Restore', exact: true }).click()
      await page.getByRole('button', { name: 'Restore version 1' }).click()
      await page.getByText('Version 3', { exact: true }).waitFor()
      expect(await call('GET', FLOW)).toMatchObject({ version: 3, triggers: [], arguments: {} })
    }),
  120_000,
)

test(
  'a secret address is shown once, starts the flow, and stops to work when a new one is made',
  () =>
    withPage(async ({ page, call, fairway }) => {
      await setUp(call)
      await call('POST', FLOW, approvals(1))
      await page.goto(`${fairway.url}${EDITOR}?tab=settings`)
      await page.getByRole('button', { name: 'Make a secret address' }).click()
      const first = await page.getByRole('textbox', { name: 'Secret address' }).inputValue()
      expect((await fetch(first, { method: 'POST' })).ok).toBe(true)
      await page.getByRole('button', { name: 'Make a new one' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Make a new one' }).click()
      const field = page.getByRole('textbox', { name: 'Secret address' })
      await expect.poll(() => field.inputValue(), { timeout: WAIT_MS }).not.toBe(first)
      expect((await fetch(first, { method: 'POST' })).ok).toBe(false)
      await page.reload()
      await page.getByRole('button', { name: 'Make a new one' }).waitFor()
      expect(await field.count()).toBe(0)
    }),
  120_000,
)

test(
  'the dialog of a run says what is wrong at the field, and plans again as choices change',
  () =>
    withPage(async ({ page, call, fairway }) => {
      await setUp(call)
      await call('POST', FLOW, release())
      await page.goto(`${fairway.url}/projects/shop/pipelines/ship`)
      await page.getByRole('button', { name: 'Run', exact: true }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByText('Look at: IMAGE').waitFor()
      await dialog.getByRole('button', { name: 'Run', exact: true }).click()
      await dialog.getByText('must be given a value').waitFor()
      await dialog.getByLabel(/^IMAGE/).fill('nginx:1.27')
      const plan = dialog.getByRole('region', { name: 'What would change' })
      await plan.getByText('nginx:1.27').first().waitFor()
      await dialog.getByText('An image').click()
      await dialog.getByText('must not be empty').waitFor()
      await dialog.getByLabel('Image', { exact: true }).fill('nginx:1.28')
      await plan.getByText('nginx:1.28').first().waitFor()
      await expectAccessible(page)
    }),
  120_000,
)

async function setUp(call: Rest): Promise<void> {
  await call('PUT', '/projects', { name: 'Shop' })
  await call('PUT', '/projects/shop/services/deployment', { name: 'web', deployment: { instances: 0 } })
  const nfObjects = [{ id: 'web', type: 'service' }]
  await call('PUT', '/projects/shop/pipelines', { name: 'ship', stages: [{ name: 'Production', nfObjects }] })
}

const documentOf = (...steps: object[]) => ({
  apiVersion: 'v1.2',
  spec: { kind: 'Workflow', spec: { type: 'sequential', steps } },
})

const approvals = (amount: number) => documentOf({ kind: 'Approval', spec: { amount } })

/** Waits for a person first, so that nothing is pulled from anywhere. */
const release = () => ({
  ...documentOf(
    { kind: 'Approval', spec: { amount: 1 } },
    {
      kind: 'Release',
      spec: {
        type: 'registry',
        origin: { imagePath: '${args.IMAGE}' },
        target: { id: 'web', type: 'service' },
      },
    },
  ),
  arguments: { IMAGE: '' },
})

async function add(page: Page, kind: string): Promise<void> {
  await page.getByRole('button', { name: 'Add a step' }).click()
  await page.getByRole('menuitem', { name: kind, exact: true }).click()
}

async function addByKeyboard(page: Page, kind: string): Promise<void> {
  await page.getByRole('button', { name: 'Add a step' }).press('Enter')
  const wanted = page.getByRole('menuitem', { name: kind, exact: true })
  await wanted.waitFor()
  const isThere = () => wanted.evaluate((item) => item === item.ownerDocument.activeElement)
  for (let step = 0; step < 30 && !(await isThere()); step += 1) await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
}

/** Reaches the step by Tab and chooses it by Enter. */
async function chooseByKeyboard(page: Page, name: string): Promise<void> {
  const step = page
    .getByRole('region', { name: 'Flow' })
    .getByLabel(new RegExp(`^${name}`))
    .first()
  await step.focus()
  await page.keyboard.press('Enter')
}

async function choose(page: Page, label: string, option: string): Promise<void> {
  await page.getByRole('combobox', { name: label }).first().click()
  await page.getByRole('option', { name: option, exact: true }).click()
}

async function save(page: Page, version: number): Promise<void> {
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText(`Version ${version}`, { exact: true }).waitFor()
}

const editorOf = (page: Page) => page.getByRole('textbox', { name: 'Document' })
const textOf = async (page: Page): Promise<string> =>
  (await editorOf(page).locator('.cm-line').allInnerTexts()).join('\n')

const textShows = (page: Page, part: string): Promise<void> =>
  expect.poll(() => textOf(page), { timeout: WAIT_MS }).toContain(part)

async function retype(page: Page, change: (text: string) => string): Promise<void> {
  const text = change(await textOf(page))
  await editorOf(page).focus()
  await page.keyboard.press('Control+a')
  await page.keyboard.insertText(text)
}

/** The line that holds what is marked. */
const lineOf = (page: Page, mark: string): Promise<string> =>
  page
    .locator('.cm-line', { has: page.locator(mark) })
    .first()
    .innerText({ timeout: 1_000 })
    .catch(() => '')
