import { execFileSync } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startGitServer } from '@fairway/server/sources/git/test-git-server'
import { Agent, request } from 'undici'
import type { Json, Rest } from '../fairway/rest.ts'
import type { Fairway } from '../fairway/server.ts'
import { withFairway } from '../fairway/test-fairway.ts'
import { ms, printFigures, quantile } from './figures.ts'

const SERVICES = 1000
const FILES = 5000
const DELIVERIES = 200
const SECRET = 'a secret of the benchmark'

/** From the delivery of a push to the start of builds, on a monorepo that 1,000 services watch. */
export async function benchTriggers(): Promise<void> {
  await withFairway(
    async ({ fairway, call, folder }) => {
      const repository = createRepository(join(folder, 'repositories', 'mono'))
      const server = await startGitServer(join(folder, 'repositories'))
      try {
        await measure({ fairway, call, repository, gitUrl: `${server.url}/mono/.git`, base: server.url })
      } finally {
        await server.close()
      }
    },
    { env: { FAIRWAY_LOG_LEVEL: 'warn', FAIRWAY_GIT_POLL: '0', FAIRWAY_BUILD_CONCURRENCY: '1' } },
  )
}

type Repository = { commit(files: Record<string, string>): string }
type World = { fairway: Fairway; call: Rest; repository: Repository; gitUrl: string; base: string }

async function measure(world: World): Promise<void> {
  const { call, repository, gitUrl, base } = world
  const body = { name: 'bench', host: 'generic', baseUrl: base, webhookSecret: SECRET }
  const account = (await call('POST', '/integrations/vcs', body)) as { webhook: { path: string } }
  await fill(call, gitUrl)
  const push = (before: string | null, after: string, branch = 'main') =>
    deliver(world, account.webhook.path, { before, after, branch })
  const rows = []
  let last = repository.commit({ 'service-0/a': '0' })
  rows.push(await row('the first push: all start', world, await push(null, last)))
  const one = repository.commit({ 'service-7/a': '1' })
  rows.push(await row('one of them is touched', world, await push(last, one)))
  last = one
  const many = Object.fromEntries(Array.from({ length: FILES }, (_, i) => [`docs/${i % 50}/file-${i}`, '1']))
  const large = repository.commit(many)
  rows.push(await row(`${FILES} files that start nothing`, world, await push(last, large)))
  printFigures(`A push to a repository that ${SERVICES} services watch (budget 1 s)`, rows)
  printFigures(`${DELIVERIES} deliveries in a second`, [await pour(world, account.webhook.path, large)])
}

async function fill(call: Rest, projectUrl: string): Promise<void> {
  await call('PUT', '/projects', { name: 'Mono' })
  for (let first = 0; first < SERVICES; first += 10) {
    await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        call('POST', '/projects/mono/services/build', {
          name: `service-${first + i}`,
          vcsData: { projectUrl },
          buildConfiguration: {
            branchRestrictions: ['main'],
            prRestrictions: [],
            pathIgnoreRules: [`/service-${first + i}/`],
            isAllowList: true,
          },
        }),
      ),
    )
  }
}

type Delivered = { id: string; answered: number; started: number }

async function deliver(
  { fairway, gitUrl }: World,
  path: string,
  { before, after, branch }: { before: string | null; after: string; branch: string },
  dispatcher?: Agent,
): Promise<Delivered> {
  const text = JSON.stringify({ repository: gitUrl, ref: `refs/heads/${branch}`, before, after })
  const signature = createHmac('sha256', SECRET).update(text).digest('hex')
  const started = performance.now()
  const answer = await request(fairway.url + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-fairway-signature': signature,
      'x-fairway-delivery': randomUUID(),
    },
    body: text,
    ...(dispatcher !== undefined && { dispatcher }),
  })
  const { data } = (await answer.body.json()) as { data: { id: string } }
  return { id: data.id, answered: performance.now() - started, started }
}

/** As a client sees it, asking every 20 ms: when the first build is there, and when the event is judged. */
async function row(what: string, { call }: World, { id, answered, started }: Delivered) {
  const first = await until(async () => {
    const { triggers } = await listed(call, '/projects/mono/triggers?verdict=started&per_page=1')
    return triggers[0]?.id === id ? performance.now() - started : undefined
  })
  const judged = await until(async () => {
    const { triggers } = await listed(call, '/integrations/vcs/bench/deliveries?per_page=5')
    return triggers.find((one) => one.id === id && one.status === 'judged')
  })
  const took = performance.now() - started
  const verdict = String(judged.sentence)
  return { what, answered: ms(answered), 'first start': ms(first), 'all judged': ms(took), verdict }
}

const listed = async (call: Rest, path: string) => (await call('GET', path)) as { triggers: Json[] }

async function pour(world: World, path: string, after: string) {
  const dispatcher = new Agent({ connections: 50 })
  const start = performance.now()
  const all: Promise<Delivered>[] = []
  for (let i = 0; i < DELIVERIES; i += 1) {
    const due = start + (i * 1000) / DELIVERIES
    if (due > performance.now()) await pause(due - performance.now())
    all.push(deliver(world, path, { before: null, after, branch: `feature/${i % 20}` }, dispatcher))
  }
  const answers = (await Promise.all(all)).map(({ answered }) => answered)
  await dispatcher.close()
  await until(async () => {
    const { triggers } = await listed(world.call, '/integrations/vcs/bench/deliveries?per_page=100')
    return triggers.every((one) => one.status === 'judged') ? true : undefined
  })
  return {
    'answer p50': ms(quantile(answers, 0.5)),
    'answer p99': ms(quantile(answers, 0.99)),
    'all judged after': ms(performance.now() - start),
  }
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    await pause(20)
  }
}

function createRepository(folder: string): Repository {
  mkdirSync(folder, { recursive: true })
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=B', '-c', 'user.email=b@b', ...args], {
      cwd: folder,
      encoding: 'utf8',
    }).trim()
  git('init', '-q', '-b', 'main')
  git('config', 'uploadpack.allowFilter', 'true')
  return {
    commit: (files) => {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true })
        writeFileSync(join(folder, path), text)
      }
      git('add', '-A')
      git('commit', '-q', '-m', 'A change')
      return git('rev-parse', 'HEAD')
    },
  }
}
