import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Json, Rest } from '../fairway/rest.ts'
import { expectAccessible, signIn, withPage } from './browser.ts'

const REPOSITORY = 'http://127.0.0.1:9/shop.git'
const SECRET = 'a secret of the web test'

test(
  'an edited secret group changes what the preview says a service receives; a reader never gets the values',
  () =>
    withPage(async ({ page, call, fairway }) => {
      await setUp(call)
      await page.goto(`${fairway.url}/projects/shop/secrets`)
      await page.getByRole('link', { name: 'common', exact: true }).click()
      await page.getByRole('button', { name: 'Show and edit' }).click()
      await page.getByLabel('Value of LEVEL').fill('after the change')
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByText('Saved. Nothing restarts').waitFor()
      await page.getByRole('tab', { name: 'Preview' }).click()
      const row = page.getByRole('row').filter({ hasText: 'LEVEL' })
      await row.getByText('this group').waitFor()
      expect(await row.innerText()).not.toContain('after the change')
      await row.getByRole('button', { name: 'Show the value of LEVEL' }).click()
      await row.getByText('after the change').waitFor()
      expect(await row.innerText()).toContain('hides the value of older')
      await expectAccessible(page)
      const { token } = await call('POST', '/tokens', { name: 'looks', permission: 'read' })
      await signIn(page, String(token))
      await page.reload()
      await page.getByText('Your token may not read them').waitFor()
      expect(await page.content()).not.toContain('after the change')
    }),
  60_000,
)

test(
  'a push shows up while one looks, with the rule that decided against it; a replay is judged by the rules of now',
  () =>
    withPage(async ({ page, call, fairway }) => {
      const hook = await setUp(call)
      await page.goto(`${fairway.url}/projects/shop/triggers`)
      await page.getByText('Nothing has happened yet').waitFor()
      await push(`${fairway.url}${hook}`)
      const entry = page.getByRole('article').filter({ hasText: 'Push to feature' })
      await entry.getByText('The push went to "feature"; only main is built.').waitFor()
      await expectAccessible(page)
      await entry.getByRole('link', { name: 'Push to feature' }).click()
      await page.getByText('Rule: branch').waitFor()
      await call('PATCH', '/projects/shop/services/combined/web', {
        vcsData: { projectUrl: REPOSITORY, projectType: 'self-hosted', projectBranch: 'feature' },
      })
      await page.getByRole('button', { name: 'Replay' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Replay' }).click()
      await page.getByText('Judged again from').waitFor()
      await page.getByRole('link', { name: 'Show the build' }).waitFor()
      await expectAccessible(page)
    }),
  60_000,
)

/** A project with a service of a repository and two groups for it; answers the path of a webhook. */
async function setUp(call: Rest): Promise<string> {
  await call('PUT', '/projects', { name: 'Shop' })
  await call('PUT', '/projects/shop/services/combined', {
    name: 'web',
    vcsData: { projectUrl: REPOSITORY, projectType: 'self-hosted', projectBranch: 'main' },
    deployment: { instances: 0 },
    ports: [{ name: 'web', internalPort: 3000, public: true, protocol: 'HTTP' }],
  })
  for (const [name, priority] of [
    ['older', 5],
    ['common', 10],
  ] as const)
    await call('PUT', '/projects/shop/secrets', { name, priority, secrets: { variables: { LEVEL: name } } })
  const { webhook } = await call('POST', '/integrations/vcs', {
    name: 'own server',
    host: 'generic',
    baseUrl: new URL(REPOSITORY).origin,
    webhookSecret: SECRET,
  })
  return String((webhook as Json).path)
}

async function push(url: string): Promise<void> {
  const body = JSON.stringify({
    repository: REPOSITORY,
    ref: 'refs/heads/feature',
    before: 'a'.repeat(40),
    after: 'b'.repeat(40),
    sender: 'ann',
  })
  const signature = createHmac('sha256', SECRET).update(body).digest('hex')
  const headers = { 'content-type': 'application/json', 'x-fairway-signature': `sha256=${signature}` }
  expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(202)
}
