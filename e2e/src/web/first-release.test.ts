import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { createShopRepository } from '../fairway/shop-repository.ts'
import { expectAccessible, openPage, WAIT_MS, withPage } from './browser.ts'

const BUILD_MS = 120_000

test(
  'a newcomer is led by clicks and forms alone from a token to a release that succeeded, and then left alone',
  () =>
    withPage(async ({ browser, call, fairway, folder }) => {
      const { url } = createShopRepository(join(folder, 'shop'))
      const page = await openPage(browser, { url: fairway.url })
      await page.goto(fairway.url)
      await signInAs(page, 'not a token')
      await page.getByText('This token is not known here').waitFor()
      await signInAs(page, fairway.token())
      await page.getByText('No project yet').waitFor()
      await stepsDone(page, 0)
      await expectAccessible(page)

      await make(page, 'New project', { Name: 'Shop' })
      await page.getByRole('heading', { name: 'Shop', level: 1 }).waitFor()
      await stepsDone(page, 1)
      const project = page.url()

      await follow(page, 'Create a service of a repository')
      await make(page, 'New combined service', { Name: 'shop', 'Git repository': url })
      await page.waitForURL(`${project}/services/shop`)
      await page.goto(project)
      await stepsDone(page, 2)
      // Nobody touches the page while the build goes on.
      await stepsDone(page, 3, BUILD_MS)
      await expectAccessible(page)

      await follow(page, 'Create a deployment service')
      await make(page, 'New deployment service', { Name: 'live', Port: '3000' })
      await page.waitForURL(`${project}/services/live`)
      await page.goto(project)
      await follow(page, 'Put the deployment service into a stage')
      await make(page, 'New pipeline', { Name: 'releases' })
      await page.waitForURL(`${project}/pipelines/releases`)
      await placeInStaging(page, 'live')

      await page.goto(project)
      await stepsDone(page, 5)
      await follow(page, 'Write the release flow of the stage')
      await page.waitForURL(`${project}/pipelines/releases/staging/flow`)
      await drawRelease(page)
      await page.goto(project)
      await follow(page, 'Run the first release')
      await page.waitForURL(`${project}/pipelines/releases`)
      await page.getByText('By a release: gets builds of shop').waitFor()
      const beside = await page.context().newPage()
      await beside.goto(project)
      await stepsDone(beside, 6)
      await page.getByRole('button', { name: 'Run', exact: true }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }).click()
      await page.waitForURL(/\/runs\//)
      await stepsOf(beside).waitFor({ state: 'detached', timeout: BUILD_MS })
      const released = await call('GET', '/projects/shop/pipelines/releases/release-flows/staging')
      expect(released).toMatchObject({ status: 'success' })
      await beside.reload()
      await beside.getByRole('region', { name: 'Pipelines' }).getByRole('link').waitFor()
      expect(await stepsOf(beside).count()).toBe(0)
    }),
  300_000,
)

test(
  'the steps can be put away, and stay away',
  () =>
    withPage(async ({ page, call, fairway }) => {
      await call('PUT', '/projects', { name: 'Shop' })
      await page.goto(`${fairway.url}/projects/shop`)
      await stepsOf(page).getByRole('button', { name: 'Hide these steps' }).click()
      await stepsOf(page).waitFor({ state: 'detached' })
      await page.reload()
      await page.getByText('An addon is a database with backups.').waitFor()
      expect(await stepsOf(page).count()).toBe(0)
    }),
  60_000,
)

test(
  'a whole form is opened, filled and sent with the keyboard alone',
  () =>
    withPage(async ({ page, call, fairway }) => {
      await call('PUT', '/projects', { name: 'Shop' })
      await page.goto(`${fairway.url}/projects/shop`)
      const { keyboard } = page
      await tabTo(page, page.getByRole('button', { name: 'New build service' }))
      await keyboard.press('Enter')
      const dialog = page.getByRole('dialog')
      await isFocused(dialog.getByLabel('Name'))
      await keyboard.type('docs')
      await tabTo(page, dialog.getByLabel('Git repository'))
      await keyboard.type('http://127.0.0.1:9/docs.git')
      await tabTo(page, dialog.getByRole('combobox', { name: 'How it is built' }))
      await keyboard.press('Enter')
      const chosen = page.getByRole('option', { name: 'By a Dockerfile' })
      await chosen.waitFor()
      // The list is open before it takes keys.
      await pressUntil(page, 'ArrowDown', () => isMarked(chosen))
      await keyboard.press('Enter')
      await tabTo(page, dialog.getByLabel('Dockerfile', { exact: true }))
      await keyboard.press('Control+a')
      await keyboard.type('/docs/Dockerfile')
      await tabTo(page, dialog.getByRole('button', { name: 'Create' }))
      await keyboard.press('Enter')
      await page.waitForURL(`${fairway.url}/projects/shop/services/docs`)
      expect(await call('GET', '/projects/shop/services/docs')).toMatchObject({
        buildSettings: { dockerfile: { dockerFilePath: '/docs/Dockerfile' } },
      })
    }),
  60_000,
)

test(
  'what was drawn of a first flow stays while other things of the project change',
  () =>
    withPage(async ({ page, call, fairway }) => {
      await call('PUT', '/projects', { name: 'Shop' })
      await call('PUT', '/projects/shop/pipelines', { name: 'ship' })
      await page.goto(`${fairway.url}/projects/shop/pipelines/ship/staging/flow`)
      await page.getByRole('button', { name: 'Add a step' }).click()
      await page.getByRole('menuitem', { name: 'Approval', exact: true }).click()
      await page.getByLabel('amount').fill('3')
      const readAgain = page.waitForResponse(/release-flows\/Staging$/)
      await call('PATCH', '/projects/shop/pipelines/ship', { description: 'To production' })
      expect((await readAgain).status()).toBe(404)
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await page.getByText('Version 1', { exact: true }).waitFor()
      const { spec } = await call('GET', '/projects/shop/pipelines/ship/release-flows/staging')
      expect(spec).toMatchObject({ spec: { steps: [{ kind: 'Approval', spec: { amount: 3 } }] } })
    }),
  60_000,
)

async function signInAs(page: Page, token: string): Promise<void> {
  await page.getByLabel(/^Token/).fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

const stepsOf = (page: Page): Locator => page.getByRole('region', { name: 'Your first release' })

const stepsDone = (page: Page, done: number, timeout = WAIT_MS): Promise<void> =>
  stepsOf(page).getByText(`${done} of 7 steps done`).waitFor({ timeout })

const follow = (page: Page, step: string): Promise<void> =>
  stepsOf(page).getByRole('link', { name: step }).click()

async function make(page: Page, label: string, fields: Record<string, string>): Promise<void> {
  await page.getByRole('button', { name: label, exact: true }).click()
  const dialog = page.getByRole('dialog')
  for (const [field, value] of Object.entries(fields)) await dialog.getByLabel(field).fill(value)
  await dialog.getByRole('button', { name: 'Create' }).click()
}

async function placeInStaging(page: Page, service: string): Promise<void> {
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('combobox', { name: 'Staging' }).click()
  await page.getByRole('option', { name: `${service} (service)` }).click()
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('region', { name: 'Staging' }).getByRole('link', { name: service }).waitFor()
}

async function drawRelease(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Add a step' }).click()
  await page.getByRole('menuitem', { name: /^Deploy build/ }).click()
  const step = page.getByRole('region', { name: 'Step' })
  await step.getByRole('combobox', { name: 'type' }).first().click()
  await page.getByRole('option', { name: 'build', exact: true }).click()
  await step.getByRole('group', { name: 'origin' }).getByLabel(/^id/).fill('shop')
  await step.getByRole('group', { name: 'target' }).getByLabel(/^id/).fill('live')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Version 1', { exact: true }).waitFor()
}

const isFocused = (element: Locator): Promise<void> =>
  expect.poll(() => hasFocus(element), { timeout: WAIT_MS }).toBe(true)

const hasFocus = (element: Locator): Promise<boolean> =>
  element.evaluate((one) => one === one.ownerDocument.activeElement)

const isMarked = async (option: Locator): Promise<boolean> =>
  (await option.getAttribute('data-combobox-selected')) !== null

async function pressUntil(page: Page, key: string, isThere: () => Promise<boolean>): Promise<void> {
  await expect
    .poll(
      async () => {
        await page.keyboard.press(key)
        return await isThere()
      },
      { timeout: WAIT_MS },
    )
    .toBe(true)
}

/** Presses Tab until the element has the focus. */
async function tabTo(page: Page, element: Locator): Promise<void> {
  await element.waitFor()
  for (let pressed = 0; pressed < 60; pressed += 1) {
    if (await hasFocus(element)) return
    await page.keyboard.press('Tab')
  }
  throw new Error('Tab never came there')
}
