/**
 * The embedded gateway beside Caddy, HAProxy and a bare Node proxy, as far as they are installed, and the instance
 * without any of them: the same load on the same machine, in rounds that take turns, so that a slow moment hits all.
 * Prints the median of each; asserts nothing.
 *
 *   node e2e/dist/bench/gateway.js [--rounds 5] [--seconds 4] [--connections 50] [--bytes 1024] [--fresh]
 *
 * `--fresh` opens a connection for each request. Needs `wrk`.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'

const run = promisify(execFile)

type Settings = { rounds: number; seconds: number; connections: number; bytes: number; fresh: boolean }
type Place = { folder: string; port: number; instancePort: number }
type Contender = { name: string; port: number; stop(): Promise<void> }
type Round = { perSecond: number; errors: string }

async function main(): Promise<void> {
  const settings = readSettings()
  const folder = await mkdtemp(join(tmpdir(), 'fairway-bench-'))
  const contenders: Contender[] = []
  try {
    if (!(await isInstalled('wrk'))) throw new Error('wrk is not installed')
    const instance = await startBare({ folder, port: await freePort(), instancePort: 0 }, settings.bytes)
    contenders.push(instance)
    for (const start of [startGateway, startCaddy, startHaproxy, startNodeProxy]) {
      const started = await start({ folder, port: await freePort(), instancePort: instance.port })
      if (started !== undefined) contenders.push(started)
    }
    print(settings, await measure(contenders, settings))
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()))
    await rm(folder, { recursive: true, force: true })
  }
}

function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '4' },
      connections: { type: 'string', default: '50' },
      bytes: { type: 'string', default: '1024' },
      fresh: { type: 'boolean', default: false },
    },
  })
  const { rounds, seconds, connections, bytes, fresh } = values
  return { rounds: +rounds, seconds: +seconds, connections: +connections, bytes: +bytes, fresh }
}

async function measure(contenders: readonly Contender[], settings: Settings): Promise<Map<string, Round[]>> {
  const rounds = new Map<string, Round[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 0; round <= settings.rounds; round += 1) {
    for (const { name, port } of contenders) {
      const result = await load(port, { ...settings, seconds: round === 0 ? 1 : settings.seconds })
      // The first round only warms up.
      if (round > 0) rounds.get(name)?.push(result)
    }
  }
  return rounds
}

async function load(port: number, { seconds, connections, fresh }: Settings): Promise<Round> {
  const header = fresh ? ['-H', 'Connection: close'] : []
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, ...header, `http://127.0.0.1:${port}/`]
  const { stdout } = await run('wrk', args)
  const errors = /(?:Socket errors|Non-2xx).*/.exec(stdout)?.[0] ?? ''
  return { perSecond: Number(/Requests\/sec:\s*([\d.]+)/.exec(stdout)?.[1] ?? 0), errors }
}

function print(settings: Settings, rounds: ReadonlyMap<string, Round[]>): void {
  const kind = settings.fresh ? 'a connection a request' : 'kept connections'
  console.log(
    `${settings.connections} clients, ${kind}, ${settings.bytes} bytes, median of ${settings.rounds} x ${settings.seconds} s`,
  )
  const medians = new Map(
    [...rounds].map(([name, results]) => [name, median(results.map((r) => r.perSecond))]),
  )
  const ours = medians.get('fairway') ?? 0
  console.log(`${'what'.padEnd(12)}${'req/s'.padStart(10)}${'fairway/it'.padStart(12)}  errors`)
  for (const [name, perSecond] of medians) {
    const errors = [...new Set((rounds.get(name) ?? []).map((round) => round.errors))].join(' ').trim()
    const ratio = perSecond === 0 ? '-' : (ours / perSecond).toFixed(2)
    console.log(
      `${name.padEnd(12)}${perSecond.toFixed(0).padStart(10)}${ratio.padStart(12)}  ${errors || 'none'}`,
    )
  }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0

async function startBare(place: Place, bytes: number): Promise<Contender> {
  const code = `const body = Buffer.alloc(${bytes}, 'x')
    require('http').createServer({ keepAliveTimeout: 60000 }, (req, res) => {
      res.writeHead(200, { 'content-type': 'text/plain', 'content-length': body.length }).end(body)
    }).listen(${place.port}, '127.0.0.1')`
  return launch('no proxy', place.port, [process.execPath, '-e', code])
}

async function startNodeProxy(place: Place): Promise<Contender> {
  const code = `const http = require('http'), agent = new http.Agent({ keepAlive: true })
    http.createServer((req, res) => {
      const { method, url: path, headers } = req
      const out = http.request({ host: '127.0.0.1', port: ${place.instancePort}, agent, method, path, headers }, (answer) => {
        res.writeHead(answer.statusCode, answer.headers)
        answer.pipe(res)
      })
      out.on('error', () => res.destroy())
      req.pipe(out)
    }).listen(${place.port}, '127.0.0.1')`
  return launch('bare node', place.port, [process.execPath, '-e', code])
}

async function startGateway(place: Place): Promise<Contender> {
  // From source beside source, from a build beside a build.
  const fromSource = import.meta.url.endsWith('.ts')
  const main = fromSource ? '../../../gateway/src/main.ts' : '../../../gateway/dist/main.js'
  const loader = fromSource ? ['--conditions=@fairway/source', '--import', 'tsx'] : []
  const entry = [...loader, fileURLToPath(new URL(main, import.meta.url))]
  const control = join(place.folder, 'control.sock')
  const options = [
    '--listen',
    `127.0.0.1:${place.port}`,
    '--control',
    control,
    '--state',
    join(place.folder, 'state'),
  ]
  // The others write no access log either.
  const gateway = await launch('fairway', place.port, [
    process.execPath,
    ...entry,
    ...options,
    '--access-log',
    'off',
  ])
  const backends = [{ id: 'one', host: '127.0.0.1', port: place.instancePort, state: 'active' }]
  const routes = { key: 'bench/one', generation: 1, routes: [{ hosts: ['*'], pathPrefix: '/', backends }] }
  await untilTrue(() => putRoutes(control, JSON.stringify(routes)))
  return gateway
}

function putRoutes(socketPath: string, body: string): Promise<boolean> {
  return new Promise((resolve) => {
    const req = request({ socketPath, method: 'PUT', path: '/services/bench/one' }, (res) => {
      res.resume()
      resolve(res.statusCode === 200)
    })
    req.on('error', () => resolve(false))
    req.end(body)
  })
}

async function startCaddy(place: Place): Promise<Contender | undefined> {
  if (!(await isInstalled('caddy'))) return undefined
  const file = join(place.folder, 'Caddyfile')
  const site = `http://:${place.port} {\n  reverse_proxy 127.0.0.1:${place.instancePort}\n}\n`
  await writeFile(file, `{\n  admin off\n  auto_https off\n}\n${site}`)
  return launch('caddy', place.port, ['caddy', 'run', '--config', file, '--adapter', 'caddyfile'])
}

async function startHaproxy(place: Place): Promise<Contender | undefined> {
  if (!(await isInstalled('haproxy'))) return undefined
  const file = join(place.folder, 'haproxy.cfg')
  const timeouts = '  timeout connect 3s\n  timeout client 60s\n  timeout server 60s\n'
  const backend = `backend all\n  option forwardfor\n  server one 127.0.0.1:${place.instancePort}\n`
  const frontend = `frontend public\n  bind 127.0.0.1:${place.port}\n  default_backend all\n`
  await writeFile(file, `defaults\n  mode http\n${timeouts}${frontend}${backend}`)
  return launch('haproxy', place.port, ['haproxy', '-db', '-f', file])
}

async function launch(name: string, port: number, [command = '', ...args]: string[]): Promise<Contender> {
  const child: ChildProcess = spawn(command, args, { stdio: 'ignore' })
  await untilTrue(() => accepts(port))
  return {
    name,
    port,
    stop: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await Promise.race([ended, delay(5_000).then(() => child.kill('SIGKILL'))])
    },
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const req = request({ host: '127.0.0.1', port, agent: false }, (res) => {
      res.resume()
      resolve(true)
    })
    req.on('error', () => resolve(false))
    req.end()
  })
}

async function untilTrue(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 15_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('a contender did not start in 15 s')
    await delay(20)
  }
}

const isInstalled = (program: string): Promise<boolean> =>
  run('which', [program]).then(
    () => true,
    () => false,
  )

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

await main()
