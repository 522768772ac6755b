import { request } from 'node:http'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Json, Rest } from '../fairway/rest.ts'
import { createTinyRepository } from '../fairway/tiny-repository.ts'
import { buildTiny, setUpTiny } from '../fairway/tiny-setup.ts'
import { waitFor } from '../fairway/wait-for.ts'
import { expectAccessible, withPage } from './browser.ts'

const FLOW = '/projects/tiny/pipelines/ship/release-flows/production'

test(
  'the page of a run shows what the gateway measured while it rolled out, and who came and went, as charts and tables',
  () =>
    withPage(async ({ page, call, fairway, folder }) => {
      const repository = createTinyRepository(join(folder, 'repository'))
      await setUp(call, repository.url)
      await buildTiny(call, repository.commit('one', 'good'))
      await runs(call)
      const load = callAllTheTime(fairway.gatewayPort)
      await buildTiny(call, repository.commit('two', 'good', 500))
      const run = await runs(call)
      await load.stop()

      await page.goto(`${fairway.url}/projects/tiny/pipelines/ship/production/runs/${run}`)
      const receipt = page.getByRole('article', { name: 'Receipt of web' })
      await receipt.getByText('embedded gateway').waitFor()
      const { rollouts } = (await call('GET', `${FLOW}/runs/${run}/receipt`)) as { rollouts: Json[] }
      expect(rollouts).toMatchObject([{ serviceId: 'web', state: 'completed', failures: 0, cut: 0 }])
      expect(Number(rollouts[0]?.requests)).toBeGreaterThan(10)
      await receipt.getByText(String(rollouts[0]?.requests), { exact: true }).first().waitFor()
      for (const chart of ['Requests and errors a second', 'Latency in milliseconds', 'Instances'])
        await receipt.getByRole('figure', { name: chart }).locator('canvas').waitFor()
      await receipt.getByText('Who came and went').click()
      for (const what of ['new takes requests', 'old drains', 'old has ended'])
        await receipt.getByRole('cell', { name: what }).waitFor()
      await receipt.getByText('Measured, as a table').click()
      await receipt.getByRole('table', { name: 'Measured while web rolled out' }).waitFor()
      await expectAccessible(page)
    }),
  120_000,
)

async function setUp(call: Rest, repositoryUrl: string): Promise<void> {
  await setUpTiny(call, repositoryUrl)
  const nfObjects = [{ id: 'web', type: 'service' }]
  await call('PUT', '/projects/tiny/pipelines', { name: 'ship', stages: [{ name: 'Production', nfObjects }] })
  const spec = {
    type: 'build',
    origin: { id: 'builder', branch: 'main', build: 'latest' },
    target: { id: 'web', type: 'service' },
  }
  const steps = [{ kind: 'Release', ref: 'release', condition: 'running', spec }]
  await call('POST', FLOW, {
    apiVersion: 'v1.2',
    spec: { kind: 'Workflow', spec: { type: 'sequential', steps } },
  })
}

/** Runs the flow to its end; answers the id. */
async function runs(call: Rest): Promise<string> {
  const { id } = await call('POST', `${FLOW}/runs`, {})
  const run = await waitFor(
    'the run to end',
    async () => {
      const now = await call('GET', `${FLOW}/runs/${id}`)
      return now.concluded === true && now
    },
    { deadlineMs: 60_000 },
  )
  expect(run.status).toBe('success')
  return String(id)
}

function callAllTheTime(port: number): { stop(): Promise<void> } {
  let stopped = false
  const call = (): Promise<void> =>
    new Promise((resolve) => {
      const sent = request({ port, headers: { host: 'web--tiny.localhost' }, agent: false }, (answer) => {
        answer.resume()
        answer.once('close', resolve)
      })
      sent.once('error', () => resolve())
      sent.end()
    })
  const work = (async () => {
    while (!stopped) await call()
  })()
  return {
    stop: () => {
      stopped = true
      return work
    },
  }
}
