import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { expectAccessible, signIn, withPage } from './browser.ts'

const REPOSITORY = 'http://127.0.0.1:9/shop.git'

test(
  'from an empty Fairway, the forms alone make a project with a service, a job and a pipeline, and delete it by name',
  () =>
    withPage(async ({ page, call, fairway }) => {
      await page.goto(fairway.url)
      await make(page, 'New project', { Name: 'Shop' })
      await page.getByRole('heading', { name: 'Shop', level: 1 }).waitFor()
      await expectAccessible(page)
      const project = page.url()
      await page.getByRole('button', { name: 'New combined service' }).click()
      await fill(page, { Name: 'web', 'Git repository': 'not a URL', Branch: 'main', Port: '3000' })
      await create(page)
      await page.getByText('must not hold spaces or control characters').waitFor()
      await expectAccessible(page)
      await fill(page, { 'Git repository': REPOSITORY })
      await page.getByRole('switch', { name: 'Reachable from outside' }).press('Space')
      await create(page)
      await page.waitForURL(`${project}/services/web`)
      await page.goto(project)
      await make(page, 'New cron job', { Name: 'nightly', 'Git repository': REPOSITORY, Schedule: '@daily' })
      await page.waitForURL(`${project}/jobs/nightly`)
      await page.goto(project)
      await make(page, 'New pipeline', { Name: 'releases' })
      await page.waitForURL(`${project}/pipelines/releases`)
      const { jobs } = await call('GET', '/projects/shop')
      expect(jobs).toMatchObject([{ id: 'nightly', jobType: 'cron' }])
      const { ports } = await call('GET', '/projects/shop/services/web')
      expect(ports).toMatchObject([{ internalPort: 3000, public: true }])
      await page.goto(project)
      await page.getByRole('button', { name: 'Delete Shop' }).click()
      await page.getByLabel('Type "Shop" to confirm').fill('Shop')
      await page.getByRole('dialog').getByRole('button', { name: 'Delete the project' }).click()
      await page.getByText('No project yet').waitFor()
    }),
  60_000,
)

test(
  'a token that may only read is offered no form',
  () =>
    withPage(async ({ page, call, fairway }) => {
      await call('PUT', '/projects', { name: 'Shop' })
      const { token } = await call('POST', '/tokens', { name: 'looks', permission: 'read' })
      await signIn(page, String(token))
      await page.goto(`${fairway.url}/projects/shop`)
      await page.getByText('An addon is a database with backups.').waitFor()
      expect(await page.getByRole('button', { name: /^(New|Delete) / }).count()).toBe(0)
    }),
  60_000,
)

async function make(page: Page, label: string, fields: Record<string, string>): Promise<void> {
  await page.getByRole('button', { name: label, exact: true }).click()
  await fill(page, fields)
  await create(page)
}

async function fill(page: Page, fields: Record<string, string>): Promise<void> {
  for (const [label, value] of Object.entries(fields))
    await page.getByRole('dialog').getByLabel(label).fill(value)
}

const create = (page: Page): Promise<void> =>
  page.getByRole('dialog').getByRole('button', { name: 'Create' }).click()
