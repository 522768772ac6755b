import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { type TestFairway, withFairway } from '../fairway/test-fairway.ts'
import { createTinyRepository } from '../fairway/tiny-repository.ts'
import { buildTiny, deploymentIs, deployTiny, setUpTiny, TINY } from '../fairway/tiny-setup.ts'
import { expectAccessible, launchBrowser, WAIT_MS } from './browser.ts'

const run = promisify(execFile)
const require = createRequire(import.meta.url)
const OFFICIAL = join(dirname(require.resolve('@northflank/cli')), 'cli.js')
const OURS = fileURLToPath(new URL('../../../cli/bin/fairway.js', import.meta.url))
const SCREENSHOTS = process.env.FAIRWAY_SCREENSHOTS

test(
  'a command typed in the browser is answered; its end is told; the keyboard leaves the terminal and opens another',
  () =>
    withTiny(async ({ fairway }) => {
      const browser = await launchBrowser()
      try {
        const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
        const refused: string[] = []
        page.on('console', (message) => {
          if (/content security policy/i.test(message.text())) refused.push(message.text())
        })
        page.setDefaultTimeout(15_000)
        await page.goto(`${fairway.url}/sign-in`)
        await page.evaluate(`localStorage.setItem('fairway.token', ${JSON.stringify(fairway.token())})`)
        await page.goto(`${fairway.url}/projects/${TINY}/services/web`)
        await page.getByRole('tab', { name: 'Shell' }).click()
        await page.getByRole('button', { name: 'Connect' }).click()
        await page.getByText('Connected.').waitFor()
        await page.keyboard.type('echo the "an"swer is $((6 * 7))\n')
        await shows(page, 'the answer is 42')
        await look(page, 'shell-1280')
        await page.setViewportSize({ width: 390, height: 844 })
        await look(page, 'shell-390')
        await expectAccessible(page)
        await page.keyboard.press('Control+Shift+L')
        expect(await page.evaluate('document.activeElement.textContent')).toBe('Disconnect')
        await page.getByRole('region', { name: 'Shell in' }).getByRole('textbox').focus()
        await page.keyboard.type('exit 3\n')
        await page.getByText('Its exit code was 3').waitFor()
        await page.getByRole('button', { name: 'Reconnect' }).click()
        await page.getByText('Connected.').waitFor()
        expect(refused).toEqual([])
      } finally {
        await browser.close()
      }
    }),
  120_000,
)

test(
  'fairway exec and the official command line run a command in an instance, with its answer',
  () =>
    withTiny(async ({ fairway, folder }) => {
      const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder }
      const ours = { ...env, FAIRWAY_HOST_URL: fairway.url, FAIRWAY_TOKEN: fairway.token() }
      const words = ['exec', '--project', TINY, '--tty', 'web', '--', 'sh', '-c', 'stty size; exit 4']
      const ended = await run(process.execPath, [OURS, ...words], { env: ours }).catch(
        (error: unknown) => error,
      )
      expect(ended).toMatchObject({ code: 4, stdout: '24 80\r\n' })
      const official = (...args: string[]) => {
        const done = run(process.execPath, [OFFICIAL, ...args], { env })
        done.child.stdin?.end()
        return done
      }
      await official('login', '--host', fairway.url, '--token', fairway.token())
      const place = ['--projectId', TINY, '--serviceId', 'web']
      const { stdout } = await official(
        'exec',
        'service',
        ...place,
        '--cmd',
        'echo official-$((6*7))',
        '--shell-cmd',
        'sh -c',
      )
      expect(stdout).toContain('official-42')
      expect(stdout).toContain('exit code: 0')
    }),
  120_000,
)

const withTiny = (work: (started: TestFairway) => Promise<void>): Promise<void> =>
  withFairway(async (started) => {
    const repository = createTinyRepository(join(started.folder, 'repository'))
    await setUpTiny(started.call, repository.url)
    await deployTiny(started.call, (await buildTiny(started.call, repository.commit('one', 'good'))).id)
    await deploymentIs(started.call, 'COMPLETED')
    await work(started)
  })

/** The terminal draws its rows for sighted people and for screen readers alike. */
const shows = (page: Page, text: string): Promise<void> =>
  expect.poll(() => page.locator('.xterm-rows').textContent(), { timeout: WAIT_MS }).toContain(text)

async function look(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS !== undefined)
    await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true })
}
