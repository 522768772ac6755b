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
  'what is chosen for a new service or job is what is saved, and nothing chosen before is lost',
  () =>
    withPage(async ({ page, call, fairway }) => {
      await call('PUT', '/projects', { name: 'Shop' })
      await call('POST', '/integrations/registries', {
        name: 'Own registry',
        provider: 'custom',
        registryUrl: '127.0.0.1:9',
        credentials: { username: 'ann', password: 'not shown' },
      })
      const project = `${fairway.url}/projects/shop`
      await page.goto(project)
      await page.getByRole('button', { name: 'New build service' }).click()
      await fill(page, { Name: 'builder', 'Git repository': REPOSITORY })
      const branches = page.getByRole('dialog').getByRole('combobox', { name: 'Branches that are built' })
      await branches.fill('release/*')
      await branches.press('Enter')
      await choose(page, 'How it is built', 'By a Dockerfile')
      await fill(page, { Dockerfile: 'Dockerfile' })
      await create(page)
      await page.getByText('must start with /').waitFor()
      await fill(page, { Dockerfile: '/web/Dockerfile', 'Build context': '/web' })
      await expectAccessible(page)
      await create(page)
      await page.waitForURL(`${project}/services/builder`)
      expect(await call('GET', '/projects/shop/services/builder')).toMatchObject({
        buildConfiguration: { branchRestrictions: ['master', 'main', 'release/*'] },
        buildSettings: { dockerfile: { dockerFilePath: '/web/Dockerfile', dockerWorkDir: '/web' } },
      })

      await page.goto(project)
      await page.getByRole('button', { name: 'New deployment service' }).click()
      await fill(page, { Name: 'web', Port: '3000' })
      await choose(page, 'Versions come from', 'The builds of a service')
      await create(page)
      await page.getByText('must be a service id').waitFor()
      await choose(page, 'Service that builds', 'builder')
      await fill(page, { Branch: 'main' })
      await choose(page, 'Plan', /^nf-compute-20:/)
      await expectAccessible(page)
      await create(page)
      await page.waitForURL(`${project}/services/web`)
      expect(await call('GET', '/projects/shop/services/web')).toMatchObject({
        deployment: { internal: { nfObjectId: 'builder', branch: 'main' } },
        billing: { deploymentPlan: 'nf-compute-20' },
        ports: [{ internalPort: 3000 }],
      })

      await page.goto(project)
      await page.getByRole('button', { name: 'New job', exact: true }).click()
      await fill(page, { Name: 'migrate', 'Git repository': REPOSITORY })
      await choose(page, 'Versions come from', 'The builds of a service')
      await choose(page, 'Service that builds', 'builder')
      await create(page)
      await page.waitForURL(`${project}/jobs/migrate`)
      expect(await call('GET', '/projects/shop/jobs/migrate')).toMatchObject({
        deployment: { internal: { nfObjectId: 'builder' } },
      })

      await page.goto(project)
      await page.getByRole('button', { name: 'New job', exact: true }).click()
      await fill(page, { Name: 'tidy' })
      await choose(page, 'Versions come from', 'An image')
      await choose(page, 'Credentials of the registry', /^Own registry/)
      await fill(page, { Image: '127.0.0.1:9/tidy:1' })
      await expectAccessible(page)
    }),
  120_000,
)

test(
  'a pipeline is changed stage by stage, refused in words at its place, and deleted by its name',
  () =>
    withPage(async ({ page, call, fairway }) => {
      await call('PUT', '/projects', { name: 'Shop' })
      for (const name of ['web', 'api', 'taken'])
        await call('PUT', '/projects/shop/services/deployment', { name, deployment: { instances: 0 } })
      const nfObjects = [{ id: 'taken', type: 'service', stage: 'Staging' }]
      await call('PUT', '/projects/shop/pipelines', { name: 'other', nfObjects })
      await call('PUT', '/projects/shop/pipelines', { name: 'ship' })
      await page.goto(`${fairway.url}/projects/shop/pipelines/ship`)
      await page.getByRole('button', { name: 'Edit', exact: true }).click()
      await fill(page, { Description: 'To production' })
      await choose(page, 'Staging', 'web (service)')
      await choose(page, 'Production', 'taken (service)')
      await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
      await page.getByText('is in the pipeline "other" already').waitFor()
      await choose(page, 'Production', 'taken (service)')
      await choose(page, 'Production', 'api (service)')
      await expectAccessible(page)
      await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
      await page.getByRole('region', { name: 'Production' }).getByRole('link', { name: 'api' }).waitFor()
      expect(await call('GET', '/projects/shop/pipelines/ship')).toMatchObject({
        description: 'To production',
        stages: [
          { nfObjects: [] },
          { nfObjects: [{ id: 'web', type: 'service' }] },
          { nfObjects: [{ id: 'api', type: 'service' }] },
        ],
      })
      await page.getByRole('button', { name: 'Delete ship' }).click()
      await page.getByLabel('Type "ship" to confirm').fill('ship')
      await page.getByRole('dialog').getByRole('button', { name: 'Delete the pipeline' }).click()
      await page.waitForURL(`${fairway.url}/projects/shop`)
      const { pipelines } = await call('GET', '/projects/shop/pipelines')
      expect(pipelines).toMatchObject([{ id: 'other' }])
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

async function choose(page: Page, field: string, option: string | RegExp): Promise<void> {
  await page.getByRole('dialog').getByRole('combobox', { name: field, exact: true }).click()
  await page.getByRole('option', { name: option, exact: true }).click()
  // Leaves the list of those that take more than one.
  await page.keyboard.press('Tab')
}

const create = (page: Page): Promise<void> =>
  page.getByRole('dialog').getByRole('button', { name: 'Create' }).click()
