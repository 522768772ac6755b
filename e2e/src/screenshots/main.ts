/** `npm run screenshots`: the pictures of docs/screenshots, of a Fairway that has released the example shop. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { Rest } from '../fairway/rest.ts'
import { flowPath, PIPELINE, PROJECT } from '../fairway/shop-setup.ts'
import { type TestFairway, withFairway } from '../fairway/test-fairway.ts'
import { waitFor } from '../fairway/wait-for.ts'
import { launchBrowser, openPage } from '../web/browser.ts'
import { concluded, fillFairway, release } from '../web/full-fairway.ts'

const folder = fileURLToPath(new URL('../../../docs/screenshots', import.meta.url))
const WIDE = { viewport: { width: 1280, height: 800 } }
const PHONE = { viewport: { width: 390, height: 844 } }
const BOARD = `/projects/${PROJECT}/pipelines/${PIPELINE}`

type Shot = {
  name: string
  path: string
  /** What is on the page once it is worth a picture. */
  shows: string
  prepare?(page: Page): Promise<void>
  options?: BrowserContextOptions
  dark?: true
}

const migration = (call: Rest, docker: object) =>
  call('PATCH', `/projects/${PROJECT}/jobs/manual/shop-migrate`, { deployment: { docker } })

async function failedMigration(call: Rest): Promise<string> {
  await migration(call, {
    configType: 'customCommand',
    customCommand: "sh -c 'echo relation orders is locked >&2; exit 3'",
  })
  const { id } = await call('POST', `${flowPath('Production')}/runs`, { name: 'Second version' })
  await concluded(call, `${flowPath('Production')}/runs/${id}`)
  await migration(call, { configType: 'default' })
  return String(id)
}

async function waitingApproval(call: Rest): Promise<string> {
  await call('POST', flowPath('Development'), {
    apiVersion: 'v1.2',
    spec: {
      kind: 'Workflow',
      spec: { type: 'sequential', steps: [{ kind: 'Approval', ref: 'product', spec: { amount: 1 } }] },
    },
  })
  const path = `${flowPath('Development')}/runs`
  const { id } = await call('POST', path, { name: 'Try the new checkout' })
  await waitFor('the approval', async () =>
    JSON.stringify(await call('GET', `${path}/${id}`)).includes('approval_wait'),
  )
  return String(id)
}

function shotsOf(parts: Record<string, string>): Shot[] {
  const project = `/projects/${PROJECT}`
  return [
    { name: 'projects', path: '/', shows: 'Shop demo' },
    { name: 'project', path: project, shows: 'shop-migrate' },
    { name: 'board', path: BOARD, shows: 'Second version' },
    {
      name: 'plan',
      path: BOARD,
      shows: 'Production',
      prepare: async (page) => {
        await page.getByRole('region', { name: 'Production' }).getByRole('button', { name: 'Run' }).click()
        await page.getByRole('dialog').getByText('Steps').first().waitFor()
      },
    },
    { name: 'release', path: `${BOARD}/production/runs/${parts.runId}`, shows: 'Receipt' },
    { name: 'release-dark', path: `${BOARD}/production/runs/${parts.runId}`, shows: 'Receipt', dark: true },
    {
      name: 'failed-migration',
      path: `${BOARD}/production/runs/${parts.failed}`,
      shows: 'exited with code 3',
      prepare: (page) => page.getByRole('log').getByText('relation orders').waitFor(),
    },
    {
      name: 'approval',
      path: `${BOARD}/development/runs/${parts.waiting}`,
      shows: 'Waiting for an approval',
    },
    {
      name: 'rollback',
      path: `${BOARD}/production/runs/${parts.runId}`,
      shows: 'Receipt',
      prepare: openRollback,
    },
    { name: 'flow-editor', path: `${BOARD}/production/flow`, shows: 'shop-migrate' },
    { name: 'service', path: `${project}/services/shop`, shows: 'Readiness' },
    { name: 'service-phone', path: `${project}/services/shop`, shows: 'Readiness', options: PHONE },
    { name: 'addon', path: `${project}/addons/shop-db`, shows: 'snapshot' },
    { name: 'triggers', path: `${project}/triggers`, shows: 'Push to experiment' },
    { name: 'notifications', path: '/team/notifications', shows: 'Release room' },
  ]
}

async function openRollback(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Roll back to this release' }).click()
  await page.getByRole('dialog').getByText('Also bring back').waitFor()
  await page.getByRole('dialog').getByText('Steps').first().waitFor()
}

async function take(browser: Browser, { fairway }: TestFairway, shot: Shot): Promise<void> {
  const { url } = fairway
  const scheme = shot.dark === true ? 'dark' : 'light'
  const options = { ...(shot.options ?? WIDE), colorScheme: scheme } as const
  const page = await openPage(browser, { url, token: fairway.token(), options })
  await page.evaluate(`localStorage.setItem('mantine-color-scheme-value', '${scheme}')`)
  await page.goto(url + shot.path)
  await page.getByText(shot.shows).first().waitFor()
  await shot.prepare?.(page)
  // What was just drawn is on the screen two frames later.
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
  await page.screenshot({ path: join(folder, `${shot.name}.png`), animations: 'disabled' })
  await page.context().close()
  process.stdout.write(`${shot.name}.png\n`)
}

mkdirSync(folder, { recursive: true })
await withFairway(async (started) => {
  const { parts, repository } = await fillFairway(started)
  repository.commitSecond()
  await release(started.call, 'Staging', 'Second version to staging')
  const failed = await failedMigration(started.call)
  const waiting = await waitingApproval(started.call)
  const browser = await launchBrowser()
  try {
    for (const shot of shotsOf({ ...parts, failed, waiting })) await take(browser, started, shot)
  } finally {
    await browser.close()
  }
})
