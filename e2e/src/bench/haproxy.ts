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
const SECONDS = 3
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
  const [port = 0, barePort = 0] = await freePorts(2)
  const instance = await addressOf(call)
  const byHand = startByHand({ port, instance, folder, rules: SAME_WORK })
  const bare = startByHand({ port: barePort, instance, folder, rules: ['option forwardfor'] })
  const urls = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${barePort}`]
  try {
    for (const url of urls) await waitFor('HAProxy to answer', () => serves(url), {})
    for (const fresh of [false, true]) await compare([fairway.gatewayUrl, ...urls], fresh)
  } finally {
    for (const child of [byHand, bare]) child.kill('SIGKILL')
  }
}

/** A refused connection is what one waits to be over. */
const serves = (url: string): Promise<boolean> =>
  getByHost(url, HOST).then(
    ({ status }) => status === 200,
    () => false,
  )

const NAMES = ['written by Fairway', 'by hand, the same work', 'by hand, forwarding only']

async function compare(urls: readonly string[], fresh: boolean): Promise<void> {
  const rounds: number[][] = urls.map(() => [])
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [index, url] of urls.entries()) {
      const figure = await requestsPerSecond(url, fresh)
      // The first round only warms up.
      if (round > 0) rounds[index]?.push(figure)
    }
  }
  const medians = rounds.map(median)
  const own = medians[0] ?? 0
  const rows = medians.map((figure, index) => ({
    configuration: NAMES[index] ?? '',
    'requests a second': figure.toFixed(0),
    'Fairway to it': (own / figure).toFixed(2),
    budget: index === 1 ? '≥ 0.95' : '',
  }))
  printFigures(`HAProxy, ${fresh ? 'a connection a request' : 'kept connections'}`, rows)
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

type ByHand = {
  port: number
  instance: { host: string; port: number }
  folder: string
  rules: readonly string[]
}

/** What every request gets behind Fairway: a name, headers nobody can forge, another try when no answer came. */
const SAME_WORK = [
  'retry-on conn-failure empty-response',
  'http-request disable-l7-retry if !{ method GET HEAD OPTIONS }',
  'http-request set-header X-Request-Id %[uuid()] if !{ req.hdr(x-request-id) -m found }',
  'http-request del-header Forwarded',
  'http-request del-header X-Real-IP',
  'http-request del-header Proxy',
  'http-request set-header X-Forwarded-For %[src]',
  'http-request set-header X-Forwarded-Proto http',
  'http-request set-header X-Forwarded-Host %[req.hdr(host)]',
]

/** What a careful person writes: a host, checks, retries, and a log of requests. */
function startByHand({ port, instance, folder, rules }: ByHand): ChildProcess {
  const file = join(folder, `by-hand-${port}.cfg`)
  const [inDefaults, inFrontend] = [
    rules.filter((rule) => !rule.startsWith('http-request')),
    rules.filter((rule) => rule.startsWith('http-request')),
  ].map((some) => some.map((rule) => `  ${rule}\n`).join(''))
  writeFileSync(
    file,
    `global
  maxconn 4000
  log stdout format raw daemon info
defaults
  mode http
  log global
  option httplog
  option redispatch
  retries 3
  http-reuse safe
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout http-request 30s
${inDefaults}frontend public
  bind 127.0.0.1:${port}
${inFrontend}  use_backend web if { req.hdr(host),field(1,:),lower -m str ${HOST} }
backend web
  option httpchk GET /ready
  server one ${instance.host}:${instance.port} check inter 1s
`,
  )
  const log = openSync(join(folder, `by-hand-${port}.log`), 'a')
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', log, log] })
  closeSync(log)
  return child
}
