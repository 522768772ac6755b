/** HAProxy as Fairway runs it, beside one with a configuration written by hand, before the same instance. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts } from '../fairway/free-ports.ts'
import { getByHost } from '../fairway/get-by-host.ts'
import type { Json, Rest } from '../fairway/rest.ts'
import { type TestFairway, withFairway } from '../fairway/test-fairway.ts'
import { createTinyRepository } from '../fairway/tiny-repository.ts'
import { buildTiny, deploymentIs, deployTiny, setUpTiny, TINY } from '../fairway/tiny-setup.ts'
import { waitFor } from '../fairway/wait-for.ts'
import { median, printFigures } from './figures.ts'

const run = promisify(execFile)
const ROUNDS = 7
const SECONDS = 4
const HOST = 'web--tiny.localhost'

/** Requests a second through both, in rounds that take turns. Needs `wrk` and `haproxy`. */
export async function benchHaproxy(): Promise<void> {
  await withFairway(measure, { env: { FAIRWAY_GATEWAY: 'haproxy', FAIRWAY_LOG_LEVEL: 'warn' } })
}

async function measure({ fairway, call, folder }: TestFairway): Promise<void> {
  const repository = createTinyRepository(join(folder, 'repository'))
  await setUpTiny(call, repository.url)
  await deployTiny(call, (await buildTiny(call, repository.commit('one', 'good'))).id)
  await deploymentIs(call, 'COMPLETED')
  const [port = 0] = await freePorts(1)
  const byHand = startByHand({ port, instance: await addressOf(call), folder })
  const url = `http://127.0.0.1:${port}`
  try {
    await waitFor('HAProxy to answer', () => serves(url), {})
    for (const fresh of [false, true]) await compare(fairway.gatewayUrl, url, fresh)
  } finally {
    byHand.kill('SIGKILL')
  }
}

/** A refused connection is what one waits to be over. */
const serves = (url: string): Promise<boolean> =>
  getByHost(url, HOST).then(
    ({ status }) => status === 200,
    () => false,
  )

async function compare(ours: string, theirs: string, fresh: boolean): Promise<void> {
  const rounds: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] }
  for (let round = 0; round <= ROUNDS; round += 1) {
    const pair = {
      ours: await requestsPerSecond(ours, fresh),
      theirs: await requestsPerSecond(theirs, fresh),
    }
    // The first round only warms up.
    if (round === 0) continue
    rounds.ours.push(pair.ours)
    rounds.theirs.push(pair.theirs)
  }
  const [own, other] = [median(rounds.ours), median(rounds.theirs)]
  printFigures(`HAProxy, ${fresh ? 'a connection a request' : 'kept connections'}`, [
    {
      configuration: 'written by Fairway',
      'requests a second': own.toFixed(0),
      ratio: (own / other).toFixed(2),
      budget: '≥ 0.95',
    },
    { configuration: 'written by hand', 'requests a second': other.toFixed(0), ratio: '1.00', budget: '' },
  ])
}

async function requestsPerSecond(url: string, fresh: boolean): Promise<number> {
  const headers = ['-H', `Host: ${HOST}`, ...(fresh ? ['-H', 'Connection: close'] : [])]
  const { stdout } = await run('wrk', ['-t1', '-c50', `-d${SECONDS}s`, ...headers, `${url}/`])
  return Number(/Requests\/sec:\s*([\d.]+)/.exec(stdout)?.[1] ?? 0)
}

async function addressOf(call: Rest): Promise<{ host: string; port: number }> {
  const { containers } = await call('GET', `/projects/${TINY}/services/web/containers`)
  const running = (containers as Json[]).find(({ state }) => state === 'running')
  if (running === undefined) throw new Error('no instance runs')
  return (running.addresses as { web: { host: string; port: number } }).web
}

type ByHand = { port: number; instance: { host: string; port: number }; folder: string }

/** What a careful person writes: hosts, checks, retries, the client's address, and a log of requests. */
function startByHand({ port, instance, folder }: ByHand): ChildProcess {
  const file = join(folder, 'by-hand.cfg')
  writeFileSync(
    file,
    `global
  maxconn 4000
  log stdout format raw daemon info
defaults
  mode http
  log global
  option httplog
  option forwardfor
  option redispatch
  retries 3
  http-reuse safe
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout http-request 30s
frontend public
  bind 127.0.0.1:${port}
  use_backend web if { req.hdr(host),field(1,:),lower -m str ${HOST} }
backend web
  option httpchk GET /ready
  server one ${instance.host}:${instance.port} check inter 1s
`,
  )
  const log = openSync(join(folder, 'by-hand.log'), 'a')
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', log, log] })
  closeSync(log)
  return child
}
