import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { freePorts } from '../fairway/free-ports.ts'
import { getByHost } from '../fairway/get-by-host.ts'
import { type Json, type Rest, type RestError, rest } from '../fairway/rest.ts'
import { type Fairway, startFairway } from '../fairway/server.ts'
import { createTinyRepository, type TinyRepository } from '../fairway/tiny-repository.ts'
import { waitFor } from '../fairway/wait-for.ts'
import { docker, runsOnEngine } from './engine-view.ts'
import { dockerAndHaproxyHere, HOST, onDocker, rollOut, serveTiny } from './on-docker.ts'
import { PATIENCE } from './patience.ts'
import {
  createNetwork,
  createPrivateRegistry,
  type Network,
  type PrivateRegistry,
  registryProgramHere,
} from './private-registry.ts'

let folder: string
let ports: { api: number; gateway: number }
let registry: PrivateRegistry
let network: Network
let fairway: Fairway
let call: Rest
let repository: TinyRepository
let builds: { first: Json; second: Json }

const start = (more: Record<string, string> = {}): Promise<Fairway> =>
  startFairway({
    dataFolder: join(folder, 'data'),
    ports,
    env: { ...onDocker, FAIRWAY_REGISTRY: `${network.host}/faults`, ...more },
  })

/** A version without a base, which differs from every other: its layer has to be sent. */
const commitLarge = (): string =>
  repository.commitFiles('large', {
    Dockerfile: 'FROM scratch\nCOPY large /large\nCMD ["/large"]\n',
    large: randomBytes(6_000_000).toString('base64'),
  })

const BUILDS = '/projects/tiny/services/builder/build'

const startBuild = async (sha: string): Promise<string> =>
  (await call('POST', BUILDS, { branch: 'main', sha })).id as string

const concluded = (id: string): Promise<Json> =>
  waitFor(
    'the build to conclude',
    async () => {
      const build = await call('GET', `${BUILDS}/${id}`)
      return build.concluded === true && build
    },
    PATIENCE,
  )

async function logOf(id: string): Promise<string> {
  const lines = (await call(
    'GET',
    `/projects/tiny/services/builder/build-logs?buildId=${id}`,
  )) as unknown as Json[]
  return lines.map(({ log }) => log).join('\n')
}

const shown = async (): Promise<unknown> => {
  const { deployment, status } = await call('GET', '/projects/tiny/services/web')
  return { deployment, status }
}

describe.skipIf(!dockerAndHaproxyHere || !registryProgramHere)('a registry that fails', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fairway-registry-faults-'))
    registry = await createPrivateRegistry()
    await registry.start()
    network = await createNetwork(registry.host)
    const [api = 0, gateway = 0] = await freePorts(2)
    ports = { api, gateway }
    fairway = await start()
    call = rest(fairway.url, fairway.token())
    repository = createTinyRepository(join(folder, 'repository'))
    builds = await serveTiny(call, repository, { instances: 2 })
  }, 300_000)

  afterEach(async () => {
    network.mend()
    await registry.start()
  })

  afterAll(async () => {
    await fairway.stopEverything()
    await network.close()
    await registry.remove()
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }, 120_000)

  test('is down at a deploy: an image of it is refused with the reason and nothing changes; one that is here is deployed', async () => {
    const [one] = await runsOnEngine(fairway.dataFolder, 2)
    const image = docker('inspect', '--format', '{{.Image}}', one!.id).trim()
    const imagePath = `${registry.host}/external:1`
    docker('tag', image, imagePath)
    docker('push', '-q', imagePath)
    docker('rmi', imagePath)
    await registry.stop()
    const before = await shown()

    const deploy = (): Promise<Json> =>
      call('POST', '/projects/tiny/services/web/deployment', { external: { imagePath } })
    const refused = await deploy().catch((error: RestError) => error)
    expect(refused).toMatchObject({ body: { error: { id: 'registry_unreachable' } } })
    expect(JSON.stringify(refused)).toContain(registry.host)
    expect(await shown()).toEqual(before)
    expect((await runsOnEngine(fairway.dataFolder, 2)).map(({ id }) => id)).toContain(one!.id)

    await rollOut(call, builds.second)
    expect((await getByHost(fairway.gatewayUrl, HOST)).body).toBe('two\n')

    await registry.start()
    await deploy()
    await waitFor(
      'the external image',
      async () => (await getByHost(fairway.gatewayUrl, HOST)).body === 'one\n',
      PATIENCE,
    )
  }, 300_000)

  test('breaks off during a push: the push is tried again, the log says so, and the build succeeds', async () => {
    const cut = network.cutAfter(2_000_000, 'break')
    const id = await startBuild(commitLarge())
    await cut
    await waitFor('the log to say it', async () => /trying again/.test(await logOf(id)), PATIENCE)
    network.mend()

    expect(await concluded(id)).toMatchObject({ status: 'SUCCESS' })
  }, 300_000)

  test('is cut off during a push: the build fails with the reason before its deadline, and the next one succeeds', async () => {
    await fairway.stop()
    fairway = await start({ FAIRWAY_BUILD_TIMEOUT: '30' })
    const cut = network.cutAfter(2_000_000, 'swallow')
    const id = await startBuild(commitLarge())
    await cut

    const failed = await concluded(id)
    expect(failed).toMatchObject({ status: 'FAILURE', error: { code: 'registry_unreachable' } })
    expect(await logOf(id)).toMatch(/could not be pushed to .*nothing moved for 15 seconds/)
    network.mend()
    expect(await concluded(await startBuild(commitLarge()))).toMatchObject({ status: 'SUCCESS' })
  }, 300_000)
})
