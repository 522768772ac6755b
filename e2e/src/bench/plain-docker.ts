/** What people do without a release tool: containers behind a hand-written HAProxy, stopped and run one by one. */
import { execFile, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts } from '../fairway/free-ports.ts'
import { waitFor } from '../fairway/wait-for.ts'
import type { LoadReport } from '../load/load-report.ts'
import { startLoad } from '../load/start-load.ts'
import { dockerLoad, INSTANCES } from './docker-load.ts'

const run = promisify(execFile)
const docker = async (...args: string[]): Promise<string> => (await run('docker', args)).stdout.trim()
const GRACE_SECONDS = '15'

type Plain = { name: string; port: number }

/** The same load while each container is replaced by hand, again and again. */
export async function replaceByHand(
  images: readonly string[],
  rollouts: number,
  folder: string,
): Promise<LoadReport> {
  const [front, ...ports] = await freePorts(INSTANCES + 1)
  const all = ports.map((port, i): Plain => ({ name: `bench-plain-${process.pid}-${i}`, port }))
  for (const one of all) await start(one, images[0] ?? '')
  for (const one of all) await isReady(one)
  const haproxy = startHaproxy(Number(front), all, folder)
  try {
    await isReady({ name: 'haproxy', port: Number(front) })
    const load = startLoad(dockerLoad(`http://127.0.0.1:${front}`))
    for (let i = 1; i <= rollouts; i += 1) {
      for (const one of all) await replace(one, images[i % 2] ?? '')
    }
    return await load.stop()
  } finally {
    haproxy.kill('SIGKILL')
    for (const { name } of all) await docker('rm', '-f', name)
  }
}

async function replace(one: Plain, image: string): Promise<void> {
  await docker('stop', '-t', GRACE_SECONDS, one.name)
  await docker('rm', one.name)
  await start(one, image)
  await isReady(one)
}

const start = ({ name, port }: Plain, image: string): Promise<string> =>
  docker('run', '-d', '--init', '--name', name, '-e', 'PORT=3000', '-p', `127.0.0.1:${port}:3000`, image)

const isReady = ({ name, port, host = '127.0.0.1' }: Plain & { host?: string }): Promise<unknown> =>
  waitFor(`${name} to answer`, () => answers(host, port), { everyMs: 5, deadlineMs: 60_000 })

async function answers(host: string, port: number): Promise<boolean> {
  try {
    return (await fetch(`http://${host}:${port}/ready`)).ok
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}

/** As careful as such files are: health checks, and a retry on another server. */
export function startHaproxy(front: number, servers: readonly Plain[], folder: string) {
  const file = join(folder, 'plain.cfg')
  const lines = servers.map(
    ({ name, port }) => `  server ${name} 127.0.0.1:${port} check inter 500 fall 2 rise 1`,
  )
  writeFileSync(
    file,
    `global
  maxconn 4000
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
  option redispatch
  retries 3
frontend all
  bind 127.0.0.1:${front}
  default_backend app
backend app
  option httpchk GET /ready
${lines.join('\n')}
`,
  )
  return spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' })
}
