import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Json, type Rest, rest } from '../fairway/rest.ts'
import { type Fairway, startFairway } from '../fairway/server.ts'
import { createTinyRepository, type TinyRepository } from '../fairway/tiny-repository.ts'
import { buildTiny, deploymentIs, deployTiny, setUpTiny } from '../fairway/tiny-setup.ts'
import { waitFor } from '../fairway/wait-for.ts'
import { docker, seenOnEngine, unlessGone } from './engine-view.ts'
import { dockerAndHaproxyHere, onDocker, rollOut } from './on-docker.ts'
import { PATIENCE } from './patience.ts'

/** What must not be seen, by where it was planted. New each time, or the engine's cache would
 * skip the steps that use it. The password of the addon is learned when it runs. */
const planted: Record<string, string> = {
  'build secret': `planted-mount-${randomUUID()}`,
  'build argument': `planted-argument-${randomUUID()}`,
  'runtime variable': `planted-variable-${randomUUID()}`,
}

/** As careless as people are: the build prints what it was trusted with. */
const DOCKERFILE = `FROM node:20-slim
ARG TOKEN
WORKDIR /app
RUN --mount=type=secret,id=npmrc cat /run/secrets/npmrc && echo "token $TOKEN" && wc -c < /run/secrets/npmrc > /length
COPY . .
CMD ["node", "server.js"]
`
const FAILING = DOCKERFILE.replace(
  'COPY',
  'RUN --mount=type=secret,id=npmrc cat /run/secrets/npmrc; echo "$TOKEN"; exit 3\nCOPY',
)
const CRASHING =
  "console.error('cannot use', process.env.PLANTED, process.env.REDIS_PASSWORD)\nprocess.exit(4)\n"

let folder: string
let fairway: Fairway
let call: Rest
let repository: TinyRepository
let events: { text(): string; end(): Promise<void> }
let processes: { seen(): string; end(): void }

/** The whole event stream from its beginning, as any client reads it. */
function followEvents(): typeof events {
  const stop = new AbortController()
  let text = ''
  const reading = (async () => {
    const response = await fetch(`${fairway.url}/v1/events?after=0`, {
      headers: { authorization: `Bearer ${fairway.token()}`, accept: 'text/event-stream' },
      signal: stop.signal,
    })
    for await (const chunk of response.body!) text += Buffer.from(chunk).toString('utf8')
  })().catch((error: Error) => {
    if (error.name !== 'AbortError') throw error
  })
  return {
    text: () => text,
    end: async () => {
      stop.abort()
      await reading
    },
  }
}

const LOOK_MS = 15

/** Every command line of this machine, again and again. */
function watchProcesses(): typeof processes {
  const seen = new Set<string>()
  const look = (): void => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const line = unlessGone(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
      if (line !== undefined) seen.add(line.replaceAll('\0', ' '))
    }
  }
  const timer = setInterval(look, LOOK_MS)
  return { seen: () => [...seen].join('\n'), end: () => clearInterval(timer) }
}

async function setUp(): Promise<void> {
  await setUpTiny(call, repository.url, { minReadySeconds: 0, progressDeadlineSeconds: 30, drainSeconds: 1 })
  await call('PUT', '/projects/tiny/addons', { name: 'cache', type: 'redis' })
  await call('POST', '/projects/tiny/services/builder/build-arguments', {
    buildArguments: { TOKEN: planted['build argument'] },
    dockerSecretMounts: { npmrc: planted['build secret'] },
  })
  await call('POST', '/projects/tiny/services/web/runtime-environment', {
    runtimeEnvironment: { PLANTED: planted['runtime variable'] },
  })
  await waitFor(
    'the addon to run',
    async () => (await call('GET', '/projects/tiny/addons/cache')).status === 'running',
    { ...PATIENCE, deadlineMs: 400_000 },
  )
  const { secrets } = await call('GET', '/projects/tiny/addons/cache/credentials')
  const { PASSWORD = '', ADMIN_PASSWORD = '' } = secrets as Record<string, string>
  planted['addon password'] = PASSWORD
  planted["addon administrator's password"] = ADMIN_PASSWORD
  await call('PUT', '/projects/tiny/secrets', {
    name: 'cache',
    secretType: 'environment',
    addonDependencies: [{ addonId: 'cache', keys: [{ keyName: 'PASSWORD', aliases: ['REDIS_PASSWORD'] }] }],
  })
}

/** What anyone may read who may not read secrets. */
const readable = (buildIds: readonly unknown[]): string[] => [
  '/projects',
  '/projects/tiny',
  '/projects/tiny/services',
  '/projects/tiny/services/web',
  '/projects/tiny/services/web/containers',
  '/projects/tiny/services/builder',
  '/projects/tiny/services/builder/build',
  ...buildIds.flatMap((id) => [
    `/projects/tiny/services/builder/build/${id}`,
    `/projects/tiny/services/builder/build-logs?buildId=${id}&lineLimit=10000`,
  ]),
  '/projects/tiny/addons',
  '/projects/tiny/addons/cache',
  '/projects/tiny/secrets',
]

/** Files of Fairway that hold a planted value: logs, state and the database, where secrets lie sealed. */
function filesWith(value: string): string[] {
  try {
    return execFileSync('grep', ['-rlaF', '--', value, fairway.dataFolder], { encoding: 'utf8' })
      .trim()
      .split('\n')
  } catch (error) {
    if ((error as { status?: number }).status !== 1) throw error
    return []
  }
}

/** What the engine tells everyone of containers and images, without the environment that a container must have. */
function toldByEngine(containers: readonly string[], image: string): string {
  const parts = [
    '.Config.Cmd',
    '.Config.Entrypoint',
    '.Config.Labels',
    '.Path',
    '.Args',
    '.Mounts',
    '.State',
    '.HostConfig',
  ]
  const format = parts.map((part) => `{{json ${part}}}`).join(' ')
  return [
    docker('inspect', '--format', format, ...containers),
    docker('history', '--no-trunc', image),
    docker('image', 'inspect', image),
    docker('ps', '-a', '--no-trunc'),
  ].join('\n')
}

function layersOf(image: string): Buffer {
  const file = join(folder, 'image.tar')
  docker('save', '-o', file, image)
  return readFileSync(file)
}

describe.skipIf(!dockerAndHaproxyHere)('secrets in a release on Docker', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fairway-docker-secrets-'))
    fairway = await startFairway({
      dataFolder: join(folder, 'data'),
      env: { ...onDocker, FAIRWAY_LOG_LEVEL: 'debug' },
    })
    call = rest(fairway.url, fairway.token())
    repository = createTinyRepository(join(folder, 'repository'))
    repository.commitFiles('Dockerfile', { Dockerfile: DOCKERFILE })
    processes = watchProcesses()
    events = followEvents()
    await setUp()
  }, 500_000)

  afterAll(async () => {
    processes.end()
    await events.end()
    await fairway.stopEverything()
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }, 120_000)

  test('planted in a build, a service and an addon appear in no log, event, API body, image, command line or error', async () => {
    const good = await buildTiny(call, repository.commit('one', 'good'))
    await rollOut(call, good)
    const failed = await buildTiny(call, repository.commitFiles('fails', { Dockerfile: FAILING }))
    const crashing = await buildTiny(
      call,
      repository.commitFiles('crashes', { Dockerfile: DOCKERFILE, 'server.js': CRASHING }),
    )
    await deployTiny(call, crashing.id)
    const service = await deploymentIs(call, 'FAILED', PATIENCE.deadlineMs)

    expect(failed).toMatchObject({ status: 'FAILURE', error: { code: 'build_failed' } })
    expect(JSON.stringify(service.status)).toContain('cannot use')
    const bodies: Json[] = []
    for (const path of readable([good.id, failed.id, crashing.id])) bodies.push(await call('GET', path))
    const containers = (await seenOnEngine(fairway.dataFolder)).map(({ id }) => id)
    const image = String(good.artifact)
    const layers = layersOf(image)
    const addon = (await seenOnEngine(fairway.dataFolder)).filter(
      ({ owner }) => owner === '' || owner === 'cache',
    )
    const places: Record<string, string> = {
      'server log': readFileSync(fairway.logFile, 'utf8'),
      'API bodies': JSON.stringify(bodies),
      events: events.text(),
      'command lines': processes.seen(),
      engine: toldByEngine(containers, image),
      'log of the addon': addon.map(({ id }) => docker('logs', id)).join('\n'),
    }

    for (const [place, text] of Object.entries(places)) expect(text.length, place).toBeGreaterThan(100)
    // The careless step ran, and its output is shown with the secrets blanked out.
    expect(places['API bodies']).toMatch(/token •+/)
    const found = Object.entries(planted).flatMap(([what, value]) => [
      ...Object.entries(places).flatMap(([place, text]) =>
        text.includes(value) ? [`${what} in ${place}`] : [],
      ),
      ...(layers.includes(value) ? [`${what} in the image`] : []),
      ...filesWith(value).map((file) => `${what} in ${file}`),
    ])
    expect(Object.values(planted).every((value) => value.length > 10)).toBe(true)
    expect(found).toEqual([])
  }, 300_000)
})
