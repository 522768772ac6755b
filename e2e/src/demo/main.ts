/**
 * `npm run demo`: starts Fairway in a temporary folder, releases the example shop to staging and production, then
 * its second version (backup, migration, rollout) and the rollback under load, and prints the receipt.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pc from 'picocolors'
import { type Json, type Rest, rest } from '../fairway/rest.ts'
import { type Fairway, startFairway } from '../fairway/server.ts'
import { createShopRepository } from '../fairway/shop-repository.ts'
import { flowPath, PIPELINE, PROJECT, setUpShop } from '../fairway/shop-setup.ts'
import { startLoad } from '../load/start-load.ts'
import { choicesIn } from './choices.ts'
import { followRun } from './progress.ts'
import { printReceipt, type Receipt, receiptOf } from './receipt.ts'

const exitAtEnd = process.argv.includes('--exit')
const say = (text: string): void => void process.stdout.write(`${text}\n`)
const step = (text: string): void => say(`\n${pc.bold(text)}`)

/** What follows `--runtime` or `--gateway`; the server refuses what it does not know. */
function wanted(option: string): string {
  const at = process.argv.indexOf(option)
  return at === -1 ? 'auto' : (process.argv[at + 1] ?? '')
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fairway-demo-'))
  step(`Starting Fairway in ${folder}`)
  const fairway = await startFairway({
    dataFolder: join(folder, 'data'),
    env: { FAIRWAY_RUNTIME: wanted('--runtime'), FAIRWAY_GATEWAY: wanted('--gateway') },
  })
  say(`  API ${fairway.url}, services behind ${fairway.gatewayUrl}`)
  for (const sentence of choicesIn(fairway.logFile)) say(`  ${sentence}`)
  let receipt: Receipt
  try {
    receipt = await releaseTheShop(fairway, join(folder, 'shop'))
  } catch (error) {
    say(pc.red(`\nThe demo failed. The server's log: ${fairway.logFile}`))
    await fairway.stopEverything()
    throw error
  }
  await finish(fairway, folder, receipt)
}

async function releaseTheShop(fairway: Fairway, folder: string): Promise<Receipt> {
  const call = rest(fairway.url, fairway.token())
  const repository = createShopRepository(folder)
  step('Creating the example shop: databases, services, migration jobs, a pipeline with two stages')
  await setUpShop(call, repository.url)

  await release(call, 'Staging', 'First version to staging')
  const first = await release(call, 'Production', 'First version to production')

  const load = startLoad({
    url: fairway.gatewayUrl,
    host: `shop--${PROJECT}.localhost`,
    path: '/',
    newConnectionsPerSecond: 50,
    keepAliveClients: 8,
    webSockets: { path: '/live', count: 20 },
  })
  repository.commitSecond()
  await release(call, 'Staging', 'Second version to staging: its schema has changed')
  load.mark('during')
  await release(call, 'Production', 'Second version to production, under load: backup, migration, rollout')
  await rollBack(call, String(first.id))
  load.mark('after')
  await new Promise((resolve) => setTimeout(resolve, 2000))
  return receiptOf(await load.stop())
}

async function release(call: Rest, stage: 'Staging' | 'Production', title: string): Promise<Json> {
  step(title)
  const run = await call('POST', `${flowPath(stage)}/runs`, { name: title.split(/[:,]/)[0]?.slice(0, 39) })
  return ended(call, stage, run)
}

async function rollBack(call: Rest, to: string): Promise<void> {
  step('Rolling production back to the first version, under load')
  const run = await call('POST', `${flowPath('Production')}/runs/${to}/rollback`, {})
  await ended(call, 'Production', run)
}

async function ended(call: Rest, stage: 'Staging' | 'Production', run: Json): Promise<Json> {
  const service = stage === 'Staging' ? 'shop-staging' : 'shop'
  const end = await followRun(call, `${flowPath(stage)}/runs/${run.id}`, service)
  if (end.status !== 'success') throw new Error(`the run ended as ${end.status}: ${end.message ?? ''}`)
  return end
}

async function finish(fairway: Fairway, folder: string, receipt: Receipt): Promise<void> {
  step('Receipt')
  say(printReceipt(receipt))
  if (exitAtEnd) {
    await fairway.stopEverything()
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
    say(JSON.stringify(receipt))
  } else whatNext(fairway)
  // The server's pipes would hold this process.
  process.exit(receipt.failed === 0 ? 0 : 1)
}

function whatNext(fairway: Fairway): void {
  const cli = 'npx fairway'
  step('Everything is still running')
  say(`  shop      curl -H 'Host: shop--${PROJECT}.localhost' ${fairway.gatewayUrl}/`)
  say(`  API       ${fairway.url}/v1/docs`)
  say(`  token     ${fairway.token()}`)
  step('Three things to try')
  say(
    `  ${cli} login --host ${fairway.url} --token-file ${join(fairway.dataFolder, 'admin-token')} --project ${PROJECT}`,
  )
  say(`  ${cli} release plan ${PIPELINE} production`)
  say(`  ${cli} logs service shop -f`)
  say(
    pc.dim(
      `\n  To stop it all: FAIRWAY_DATA=${fairway.dataFolder} node server/dist/stop-all.js (after stopping pid ${fairway.pid})`,
    ),
  )
}

await main()
