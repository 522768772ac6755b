import { setTimeout as pause } from 'node:timers/promises'
import { FairwayError } from '@fairway/contract/errors'
import type Docker from 'dockerode'
import { type CrashPoints, noCrashPoints } from '../../lib/crash-point.ts'
import { connectEngine, type Engine } from '../../lib/docker/engine.ts'
import { ifThere } from '../../lib/docker/engine-answers.ts'
import { DEFAULT_ENGINE_SOCKET } from '../../lib/docker/engine-socket.ts'
import { ProjectNetworks } from '../../lib/docker/project-networks.ts'
import type {
  AddonEngine,
  AddonObservation,
  AddonPlace,
  AddonSettings,
  BackupRecord,
} from '../../reconcile/addon-port.ts'
import { readChecked } from '../postgres/snapshot.ts'
import { type BackupRequest, storeBackup } from '../store-backup.ts'
import type { AddonKind, RestoreRequest, RunningAddon } from './addon-kind.ts'
import { servingOptions, setupOptions, type Wanted } from './container-options.ts'
import { logLines, removeContainer, removeVolume, runSetup, stopContainer } from './containers.ts'
import { presentImage } from './image.ts'
import { refuseOtherMajor, requireVersion } from './major-version.ts'
import { addonLabels, filterOf, hostNames, LABEL, namesOf } from './names.ts'
import { isUp, observationOf, Readiness } from './observation.ts'

export type DockerAddonOptions = {
  /** Of this Fairway among those that share the engine. Letters, digits and dashes; the same for ever. */
  installation: string
  /** The folder `images` of Fairway. */
  images: string
  socketPath?: string
  /** What the images are built on. */
  base?: string
  /** Shared with the runtime, whose instances join the same networks. */
  networks?: ProjectNetworks
  crash?: CrashPoints
}

export const dockerAddonCrashPoints = [
  'addon-docker.after-volumes',
  'addon-docker.after-setup',
  'addon-docker.after-container',
] as const

const DEFAULT_BASE = 'debian:12-slim'
const START_MS = 120_000
const LOOK_MS = 200
/** A server that ends this often as soon as it starts will not serve. */
const HOPELESS_RESTARTS = 3

/**
 * Addons of one kind as containers of a Docker Engine: one container and one volume for each generation of the data. It
 * keeps nothing itself: what there is, it asks the engine by name and label, so it finds everything again after a
 * restart of Fairway or of the engine.
 */
export class DockerAddons implements AddonEngine {
  readonly type: string
  readonly tls = true
  readonly #kind: AddonKind
  readonly #engine: Engine
  readonly #networks: ProjectNetworks
  readonly #options: DockerAddonOptions
  readonly #crash: CrashPoints
  readonly #readiness = new Readiness()
  #image: Promise<string> | undefined

  constructor(kind: AddonKind, options: DockerAddonOptions) {
    this.type = kind.type
    this.#kind = kind
    this.#options = options
    this.#crash = options.crash ?? noCrashPoints
    this.#engine = connectEngine(options.socketPath ?? DEFAULT_ENGINE_SOCKET)
    this.#networks = options.networks ?? new ProjectNetworks(this.#engine, options.installation)
  }

  async versions(): Promise<string[]> {
    return [this.#kind.major]
  }

  async backupTypes(): Promise<('snapshot' | 'dump')[]> {
    return [...this.#kind.backupTypes]
  }

  async create(place: AddonPlace, settings: AddonSettings): Promise<void> {
    await this.start(place, settings)
  }

  async start(place: AddonPlace, settings: AddonSettings): Promise<AddonObservation> {
    const running = await this.observe(place)
    if (running.state === 'running') return running
    const wanted = await this.#wanted(place, settings, await this.#isBeside(place))
    await this.#presentContainer(wanted, async () => {
      await this.#presentVolumes(wanted)
      await this.#setUp(wanted, settings)
    })
    return this.#serve(place)
  }

  /** Makes the container anew when it is not there or was made with other settings; its data is made before it. */
  async #presentContainer(wanted: Wanted, presentData: () => Promise<void>): Promise<void> {
    const options = servingOptions(wanted)
    const container = this.#engine.getContainer(wanted.names.container)
    const seen = await ifThere(container.inspect())
    const asWanted = seen?.Config.Labels[LABEL.setup] === options.Labels?.[LABEL.setup]
    if (seen !== undefined && (isUp(seen.State) || (asWanted && (await startAgain(container))))) return
    await presentData()
    this.#crash.hit('addon-docker.after-setup')
    await removeContainer(container)
    await this.#networks.use(wanted.place.projectId, async () => {
      await this.#engine.createContainer(options)
      this.#crash.hit('addon-docker.after-container')
      await container.start()
    })
  }

  async #wanted(place: AddonPlace, settings: AddonSettings, isBeside: boolean): Promise<Wanted> {
    requireVersion(this.#kind, settings.version)
    const image = await this.#presentImage()
    const names = namesOf(this.#options.installation, place)
    const { NCPU: cpus } = (await this.#engine.info()) as { NCPU: number }
    return { place, names, image, settings, isBeside, cpus }
  }

  /** However many addons wait for it, it is built once. */
  #presentImage(): Promise<string> {
    const { type, major } = this.#kind
    this.#image ??= presentImage(this.#engine, {
      root: this.#options.images,
      folder: type,
      tag: `fairway/${type}:${major}`,
      base: this.#options.base ?? DEFAULT_BASE,
    }).finally(() => {
      this.#image = undefined
    })
    return this.#image
  }

  /** Whether another generation of the addon serves under its name. */
  async #isBeside(place: AddonPlace): Promise<boolean> {
    const labels = {
      ...addonLabels(this.#options.installation, place),
      [LABEL.host]: hostNames(place, false)[0],
    }
    const serving = await this.#engine.listContainers({ filters: filterOf(labels) })
    return serving.some(({ Labels }) => Labels[LABEL.revision] !== String(place.generation))
  }

  async #presentVolumes({ names, place }: Wanted): Promise<void> {
    const shared = addonLabels(this.#options.installation, place)
    await this.#engine.createVolume({ Name: names.tls, Labels: shared })
    await this.#engine.createVolume({ Name: names.data, Labels: names.labels })
    this.#crash.hit('addon-docker.after-volumes')
  }

  #setUp(wanted: Wanted, settings: AddonSettings): Promise<void> {
    return runSetup(this.#engine, { options: setupOptions(wanted, 'init'), input: passwordLines(settings) })
  }

  /** Waits until the server answers. */
  async #serve(place: AddonPlace, signal?: AbortSignal): Promise<AddonObservation> {
    const until = performance.now() + START_MS
    let seen = await this.observe(place)
    while (seen.state !== 'running') {
      signal?.throwIfAborted()
      if (performance.now() > until) return seen
      await this.#refuseHopeless(place)
      await pause(LOOK_MS)
      seen = await this.observe(place)
    }
    return seen
  }

  async #refuseHopeless(place: AddonPlace): Promise<void> {
    const container = this.#containerOf(place)
    const seen = await ifThere(container.inspect())
    if (seen !== undefined && isUp(seen.State) && seen.RestartCount < HOPELESS_RESTARTS) return
    throw new FairwayError(
      'runtime_failed',
      `The addon's ${this.#kind.name} server ends as soon as it starts. Its log says why.`,
      { detail: (await logLines(container, 20)).join('\n') },
    )
  }

  async observe(place: AddonPlace): Promise<AddonObservation> {
    const names = namesOf(this.#options.installation, place)
    const container = this.#engine.getContainer(names.container)
    const seen = await ifThere(container.inspect())
    if (seen === undefined) {
      // Its volume alone is data that can be started.
      const volume = await ifThere(this.#engine.getVolume(names.data).inspect())
      return { state: volume === undefined ? 'absent' : 'stopped' }
    }
    const about = await this.#readiness.of(container, seen)
    return observationOf(seen, { about, network: names.network, port: this.#kind.port })
  }

  stop(place: AddonPlace): Promise<void> {
    return stopContainer(this.#containerOf(place))
  }

  async destroy(place: AddonPlace): Promise<void> {
    const names = namesOf(this.#options.installation, place)
    await removeContainer(this.#engine.getContainer(names.setup))
    await removeContainer(this.#engine.getContainer(names.container))
    await removeVolume(this.#engine, names.data)
    const filters = filterOf(addonLabels(this.#options.installation, place))
    const { Volumes } = await this.#engine.listVolumes({ filters })
    if (Volumes.some(({ Labels }) => Labels?.[LABEL.revision] !== undefined)) return
    await removeVolume(this.#engine, names.tls)
    await this.#networks.release(place.projectId)
  }

  async backup(place: AddonPlace, request: BackupRequest): Promise<BackupRecord> {
    const { name, backupTypes } = this.#kind
    if (!backupTypes.includes(request.type))
      throw new FairwayError('not_supported', `${name} has no ${request.type}s. Take a ${backupTypes[0]}.`)
    const seen = await this.observe(place)
    if (seen.state !== 'running')
      throw new FairwayError('backup_failed', 'The addon does not run. Start it, then back it up.')
    const addon = this.#runningOf(place, seen)
    return storeBackup(request, addon.version, this.#kind.read(addon, request))
  }

  async restore(place: AddonPlace, request: RestoreRequest): Promise<{ tables: number; rows: number }> {
    if ((await this.observe(place)).state !== 'absent')
      throw new FairwayError('restore_failed', `Generation ${place.generation} of the addon exists already.`)
    if (request.type === 'snapshot') refuseOtherMajor(this.#kind, request.record.engineVersion)
    try {
      return await this.#restoreBeside(place, request)
    } catch (error) {
      await this.destroy(place)
      throw error
    }
  }

  async #restoreBeside(
    place: AddonPlace,
    request: RestoreRequest,
  ): Promise<{ tables: number; rows: number }> {
    const { settings, signal } = request
    const wanted = await this.#wanted(place, settings, true)
    const content = await readChecked(request)
    await this.#presentContainer(wanted, async () => {
      await this.#presentVolumes(wanted)
      if (request.type === 'dump') return this.#setUp(wanted, settings)
      const input = passwordLines(settings, content)
      await runSetup(this.#engine, { options: setupOptions(wanted, 'unpack'), input, signal })
    })
    const addon = await this.#runningBeside(place, request)
    if (request.type === 'dump') await this.#kind.load(addon, request, content)
    request.log('the data is in place; reading all of it')
    return this.#kind.verify(addon, request)
  }

  /** However long it reads its log of changes: the restore's own deadline ends it. */
  async #runningBeside(place: AddonPlace, { signal }: RestoreRequest): Promise<RunningAddon> {
    for (;;) {
      const seen = await this.#serve(place, signal)
      if (seen.state === 'running') return this.#runningOf(place, seen)
    }
  }

  logs(place: AddonPlace, tail: number): Promise<string[]> {
    return logLines(this.#containerOf(place), tail)
  }

  async close(): Promise<void> {
    // Connections to the engine end with each question.
  }

  #containerOf(place: AddonPlace): Docker.Container {
    return this.#engine.getContainer(namesOf(this.#options.installation, place).container)
  }

  #runningOf(
    place: AddonPlace,
    { endpoint, version }: Extract<AddonObservation, { state: 'running' }>,
  ): RunningAddon {
    const { externalHost = endpoint.host } = endpoint
    return { place, container: this.#containerOf(place), endpoint: { ...endpoint, externalHost }, version }
  }
}

/** False: it cannot be started as it is, because its network was removed meanwhile. */
async function startAgain(container: Docker.Container): Promise<boolean> {
  return (await ifThere(container.start().then(() => true))) ?? false
}

async function* passwordLines(
  { password, adminPassword, username, database }: AddonSettings,
  content?: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${password}\n${adminPassword}\n${username}\n${database}\n`)
  if (content !== undefined) yield* content
}
