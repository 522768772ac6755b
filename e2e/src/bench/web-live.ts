import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import type { Json, Rest } from '../fairway/rest.ts'
import { createShopRepository } from '../fairway/shop-repository.ts'
import { PIPELINE, PROJECT, setUpShop } from '../fairway/shop-setup.ts'
import { withFairway } from '../fairway/test-fairway.ts'
import { waitFor } from '../fairway/wait-for.ts'
import { launchBrowser, openPage } from '../web/browser.ts'
import { median, ms, printFigures, quantile } from './figures.ts'

const STEPS = 40
const ROUNDS = 3
const FLOW = '/projects/live/pipelines/live/release-flows/production'

/** How soon a change shows on an open page, and how soon a page of one's own Fairway can be used. */
export async function benchWebLive(): Promise<void> {
  await withFairway(
    async ({ fairway, call, folder }) => {
      const repository = createShopRepository(join(folder, 'shop'))
      await setUpShop(call, repository.url)
      const place = { url: fairway.url, token: fairway.token() }
      const browser = await launchBrowser()
      try {
        printFigures('Web: from the answer of the API to the open page', [
          await liveness(browser, place, call),
        ])
        const rows = []
        for (const [name, path] of Object.entries(PAGES))
          rows.push(await opening(browser, place, { name, path }))
        printFigures('Web: until a page can be used', rows)
      } finally {
        await browser.close()
      }
    },
    { env: { FAIRWAY_LOG_LEVEL: 'warn' } },
  )
}

type Place = { url: string; token: string }

/** Approves one step after the other while the page of the run is open. */
async function liveness(browser: Browser, place: Place, call: Rest) {
  const runId = await startApprovals(call)
  const page = await openPage(browser, { ...place, options: { viewport: { width: 1280, height: 900 } } })
  await page.goto(`${place.url}/projects/live/pipelines/live/production/runs/${runId}`)
  await page.getByText('step-0', { exact: true }).waitFor()
  // The stream of events is open, and what was read before it was read again.
  await page.waitForTimeout(2_000)
  await page.evaluate(NOTE_CHANGES)
  const answered: number[] = []
  for (let step = 0; step < STEPS; step += 1) {
    await call('POST', `${FLOW}/runs/${runId}/approvals`, { ref: `step-${step}`, verdict: 'approved' })
    answered.push(Date.now())
    await holds(page, `seen.length > ${step}`)
  }
  const seen = await page.evaluate<number[]>('seen')
  await page.context().close()
  const gaps = answered.map((at, step) => Math.max(0, (seen[step] ?? Number.NaN) - at))
  return {
    changes: gaps.length,
    median: ms(median(gaps)),
    p95: ms(quantile(gaps, 0.95)),
    longest: ms(Math.max(...gaps)),
    budget: '≤ 300 ms',
  }
}

async function startApprovals(call: Rest): Promise<string> {
  await call('PUT', '/projects', { name: 'Live' })
  await call('PUT', '/projects/live/pipelines', {
    name: 'live',
    stages: [{ name: 'Production', nfObjects: [] }],
  })
  const steps = Array.from({ length: STEPS }, (_, index) => ({
    kind: 'Approval',
    ref: `step-${index}`,
    spec: { amount: 1 },
  }))
  const spec = { kind: 'Workflow', spec: { type: 'parallel', steps } }
  await call('POST', FLOW, { apiVersion: 'v1.2', spec })
  const { id } = await call('POST', `${FLOW}/runs`, {})
  return String(id)
}

/** When each step became green, by the clock that the measuring program reads, too. */
const NOTE_CHANGES = `window.seen = []
new MutationObserver(() => {
  const done = document.querySelectorAll('.react-flow__node-step [data-tone="green"]').length
  while (seen.length < done) seen.push(Date.now())
}).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true })`

const PAGES = {
  projects: '/',
  project: `/projects/${PROJECT}`,
  board: `/projects/${PROJECT}/pipelines/${PIPELINE}`,
  service: `/projects/${PROJECT}/services/shop`,
  'flow editor': `/projects/${PROJECT}/pipelines/${PIPELINE}/production/flow`,
  secrets: `/projects/${PROJECT}/secrets`,
}

type Opened = { usableAt: number; scripts: number; kilobytes: number; reads: number; rounds: number }

/** Each round in a browser that was never there, then once more with what it kept. */
async function opening(browser: Browser, place: Place, { name, path }: { name: string; path: string }) {
  const first: Opened[] = []
  const again: Opened[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const page = await openPage(browser, { ...place, options: { viewport: { width: 1280, height: 900 } } })
    await page.addInitScript(NOTE_USABLE)
    // The page that signs in has fetched some scripts already: what it kept is thrown away.
    const session = await page.context().newCDPSession(page)
    await session.send('Network.clearBrowserCache')
    first.push(await open(page, place.url + path))
    again.push(await open(page, place.url + path))
    await page.context().close()
  }
  const [one] = first
  return {
    page: name,
    'first time': ms(median(first.map(({ usableAt }) => usableAt))),
    'once more': ms(median(again.map(({ usableAt }) => usableAt))),
    scripts: `${one?.scripts} of ${one?.kilobytes} kB`,
    reads: one?.reads ?? 0,
    'one after the other': one?.rounds ?? 0,
    budget: '≤ 1 s',
  }
}

async function open(page: Page, url: string): Promise<Opened> {
  await page.goto('about:blank')
  await page.goto(url)
  await holds(page, 'window.usableAt !== undefined')
  const usableAt = await page.evaluate<number>('usableAt')
  const fetched = await page.evaluate<Fetched[]>(FETCHED)
  const scripts = fetched.filter(({ path }) => path.endsWith('.js'))
  const reads = fetched.filter(({ path, from }) => path.startsWith('/v1/') && from < usableAt)
  const bytes = scripts.reduce((sum, script) => sum + script.bytes, 0)
  return {
    usableAt,
    scripts: scripts.length,
    kilobytes: Math.round(bytes / 1000),
    reads: reads.length,
    rounds: longestChain(reads),
  }
}

/** Asked from outside: the content policy of the pages allows no text to be run within them. */
const holds = (page: Page, condition: string): Promise<unknown> =>
  waitFor(condition, () => page.evaluate<boolean>(condition), { everyMs: 20 })

/** A heading, nothing that is still loading, and a browser that answers. */
const NOTE_USABLE = `(function look() {
  const ready = document.querySelector('h1') !== null && document.querySelector('[aria-label="Loading"]') === null
  requestAnimationFrame(ready ? () => setTimeout(() => { window.usableAt = performance.now() }) : look)
})()`

type Fetched = Json & { path: string; from: number; to: number; bytes: number }
const FETCHED = `performance.getEntriesByType('resource').map(({ name, startTime, responseEnd, encodedBodySize }) =>
  ({ path: new URL(name).pathname, from: startTime, to: responseEnd, bytes: encodedBodySize }))`

/** How many of them waited for another one: reads that begin once an earlier one has ended. */
function longestChain(reads: readonly Fetched[]): number {
  const ordered = [...reads].sort((a, b) => a.from - b.from)
  const depth: number[] = []
  for (const [index, { from }] of ordered.entries()) {
    const before = depth.filter((_, earlier) => (ordered[earlier]?.to ?? from) <= from)
    depth[index] = 1 + Math.max(0, ...before)
  }
  return Math.max(0, ...depth)
}
