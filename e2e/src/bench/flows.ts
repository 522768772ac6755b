import { join } from 'node:path'
import type { Rest } from '../fairway/rest.ts'
import { withFairway } from '../fairway/test-fairway.ts'
import { createTinyRepository } from '../fairway/tiny-repository.ts'
import { buildTiny, deploymentIs, deployTiny, setUpTiny } from '../fairway/tiny-setup.ts'
import { waitFor } from '../fairway/wait-for.ts'
import { median, ms, printFigures } from './figures.ts'

const FLOW = '/projects/tiny/pipelines/tiny/release-flows/production'
const SIZES = [10, 50, 200]
const ROUNDS = 5

/** What the engine costs a node: sequential flows of conditions that are already true. */
export async function benchFlows(): Promise<void> {
  await withFairway(
    async ({ call, folder }) => {
      const repository = createTinyRepository(join(folder, 'repository'))
      await setUpTiny(call, repository.url)
      await deployTiny(call, (await buildTiny(call, repository.commit('one', 'good'))).id)
      await deploymentIs(call, 'COMPLETED')
      await call('PUT', '/projects/tiny/pipelines', {
        name: 'tiny',
        stages: [{ name: 'Production', nfObjects: [{ id: 'web', type: 'service' }] }],
      })
      const rows = []
      for (const size of SIZES) {
        const rounds = []
        for (let i = 0; i < ROUNDS; i += 1) rounds.push((await timeOfRun(call, size)) / size)
        rows.push({ nodes: size, rounds: ROUNDS, 'median a node': ms(median(rounds)), budget: '≤ 5 ms' })
      }
      printFigures('Flow engine: time a node, sequential', rows)
    },
    { env: { FAIRWAY_LOG_LEVEL: 'warn' } },
  )
}

async function timeOfRun(call: Rest, size: number): Promise<number> {
  await call('POST', FLOW, flowOf(size))
  const { id } = await call('POST', `${FLOW}/runs`, {})
  const run = await waitFor(
    'the run to end',
    async () => {
      const now = await call('GET', `${FLOW}/runs/${id}`)
      return now.concluded === true && now
    },
    { everyMs: 100, deadlineMs: 120_000 },
  )
  if (run.status !== 'success') throw new Error(`the run ended as ${run.status}`)
  return Date.parse(String(run.concludedAt)) - Date.parse(String(run.startedAt))
}

const flowOf = (size: number) => ({
  apiVersion: 'v1.2',
  spec: {
    kind: 'Workflow',
    spec: {
      type: 'sequential',
      steps: Array.from({ length: size }, () => ({
        kind: 'Condition',
        spec: { kind: 'Service', spec: { type: 'running', data: { serviceId: 'web' } } },
      })),
    },
  },
})
