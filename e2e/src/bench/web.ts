import type { Browser, Page } from 'playwright-core'
import type { Rest } from '../fairway/rest.ts'
import { withFairway } from '../fairway/test-fairway.ts'
import { launchBrowser, openPage } from '../web/browser.ts'
import { median, ms, printFigures, quantile } from './figures.ts'

const NODES = 500
const ROUNDS = 5
const PAN_STEPS = 180
const FLOW = '/projects/wide/pipelines/wide/release-flows/production'
const AT = '/projects/wide/pipelines/wide/production'

/** What a large flow costs in the browser: how long it takes to open, to move about in, and to answer a click. */
export async function benchWeb(): Promise<void> {
  await withFairway(
    async ({ fairway, call }) => {
      await setUpWide(call)
      const runId = await startWide(call)
      const browser = await launchBrowser()
      try {
        const page = await openPage(browser, {
          url: fairway.url,
          token: fairway.token(),
          options: { viewport: { width: 1280, height: 900 } },
        })
        await page.addInitScript(NOTE_OPENING)
        const pages = { editor: `${AT}/flow`, run: `${AT}/runs/${runId}` }
        const rows = []
        for (const [name, path] of Object.entries(pages))
          rows.push(await measure(page, name, fairway.url + path))
        printFigures(`Web: a flow of ${NODES} nodes in ${versionOf(browser)}`, rows)
        printFigures('Web: answers in the editor', [await answers(page, `${fairway.url}${pages.editor}`)])
      } finally {
        await browser.close()
      }
    },
    { env: { FAIRWAY_LOG_LEVEL: 'warn' } },
  )
}

const versionOf = (browser: Browser): string =>
  `Chromium ${browser.version().split('.')[0]}, drawn in software`

async function setUpWide(call: Rest): Promise<void> {
  await call('PUT', '/projects', { name: 'Wide' })
  await call('PUT', '/projects/wide/pipelines', {
    name: 'wide',
    stages: [{ name: 'Production', nfObjects: [] }],
  })
  await call('POST', FLOW, wideFlow())
}

/** 19 groups of 25 approvals after each other, and what frames them: 495 nodes, and 5 approvals that end it. */
function wideFlow() {
  const approval = (group: number, index: number) => ({
    kind: 'Approval',
    ref: `go-${group}-${index}`,
    spec: { amount: 1 },
  })
  const groups = Array.from({ length: 19 }, (_, group) => ({
    kind: 'Workflow',
    spec: { type: 'parallel', steps: Array.from({ length: 25 }, (_, index) => approval(group, index)) },
  }))
  const last = Array.from({ length: 5 }, (_, index) => approval(99, index))
  return {
    apiVersion: 'v1.2',
    spec: { kind: 'Workflow', spec: { type: 'sequential', steps: [...groups, ...last] } },
  }
}

async function startWide(call: Rest): Promise<string> {
  const { id } = await call('POST', `${FLOW}/runs`, {})
  return String(id)
}

async function measure(page: Page, name: string, url: string) {
  const opened = []
  for (let round = 0; round < ROUNDS; round += 1) opened.push(await openingTime(page, url))
  const whole = await pan(page)
  for (let i = 0; i < 5; i += 1) await page.getByRole('button', { name: 'Zoom In' }).click()
  await page.waitForTimeout(500)
  const near = await pan(page)
  return {
    page: name,
    'opens (median)': ms(median(opened)),
    'pan, all in view': framesOf(whole),
    'pan, zoomed in': framesOf(near),
    budget: '≤ 1 s, 60 a second',
  }
}

const framesOf = (gaps: readonly number[]): string => {
  const seconds = gaps.reduce((sum, gap) => sum + gap, 0) / 1000
  return `${(gaps.length / seconds).toFixed(0)} a second, p99 ${ms(quantile(gaps, 0.99))}`
}

/** Runs in each page before its own scripts: when the steps were drawn, in milliseconds since the navigation. */
const NOTE_OPENING = `(function look() {
  const drawn = document.querySelectorAll('.react-flow__node').length > 20
  requestAnimationFrame(drawn ? () => setTimeout(() => { window.openedAt = performance.now() }) : look)
})()`

/** From the navigation until the steps are drawn and the page answers again. */
async function openingTime(page: Page, url: string): Promise<number> {
  await page.goto('about:blank')
  await page.goto(url)
  for (;;) {
    const at = await page.evaluate<number | null>('window.openedAt ?? null')
    if (at !== null) return at
    await page.waitForTimeout(20)
  }
}

/** Drags the canvas to and fro; the milliseconds from frame to frame meanwhile. */
async function pan(page: Page): Promise<number[]> {
  const box = await page.locator('.react-flow__pane').boundingBox()
  if (box === null) throw new Error('there is no canvas')
  const [x, y] = [box.x + box.width / 2, box.y + 12]
  await page.evaluate(`window.gaps = []; window.last = performance.now(); window.going = true;
    (function next() { requestAnimationFrame((now) => { gaps.push(now - last); last = now; if (going) next() }) })()`)
  await page.mouse.move(x, y)
  await page.mouse.down()
  for (let step = 0; step < PAN_STEPS; step += 1) {
    await page.mouse.move(x + 150 * Math.sin(step / 15), y + 60 * Math.sin(step / 20))
    await page.waitForTimeout(8)
  }
  await page.mouse.up()
  return page.evaluate<number[]>('window.going = false, gaps.slice(2)')
}

/** How long until a click on a step shows its form, and until a change in the form stands in the text. */
async function answers(page: Page, url: string) {
  await openingTime(page, url)
  const clicks = []
  const changes = []
  for (let round = 0; round < ROUNDS; round += 1) {
    clicks.push(await page.evaluate<number>(CLICK.replace('INDEX', String(60 + round))))
    await page.getByLabel('ref').waitFor()
    changes.push(await page.evaluate<number>(CHANGE.replace('VALUE', `changed-${round}`)))
  }
  return {
    'a click shows the form': ms(median(clicks)),
    'a key in the form is drawn': ms(median(changes)),
    budget: '≤ 100 ms',
  }
}

const PAINTED = 'await new Promise((done) => requestAnimationFrame(() => setTimeout(done)))'
const CLICK = `(async () => {
  const from = performance.now()
  document.querySelectorAll('.react-flow__node-step')[INDEX].dispatchEvent(new MouseEvent('click', { bubbles: true }))
  ${PAINTED}
  return performance.now() - from
})()`
const CHANGE = `(async () => {
  const field = [...document.querySelectorAll('label')].find((label) => label.textContent.startsWith('ref')).control
  const from = performance.now()
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, 'VALUE')
  field.dispatchEvent(new Event('input', { bubbles: true }))
  ${PAINTED}
  return performance.now() - from
})()`
