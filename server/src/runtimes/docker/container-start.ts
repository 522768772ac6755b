import { setTimeout as pause } from 'node:timers/promises'
import { FairwayError } from '@fairway/contract/errors'
import type Docker from 'dockerode'
import { engineStatusOf } from '../../lib/docker/engine.ts'
import { engineMessage, isAbsentThere, isConflict, isEngineGone } from '../../lib/docker/engine-answers.ts'
import type { ProjectNetworks } from '../../lib/docker/project-networks.ts'
import type { InstanceSpec } from '../../reconcile/runtime-port.ts'
import { checkEnvironment } from '../process/environment.ts'
import { containerOptions, type Surroundings } from './container-options.ts'
import type { DockerParts } from './docker-parts.ts'
import { startFailure } from './engine-failure.ts'
import { entrypointOf } from './image-process.ts'
import { Images } from './images.ts'
import { containerName, folderName } from './labels.ts'
import { checkedPath } from './secret-files.ts'
import { volumeMounts } from './volumes.ts'

const RETRY_MS = 50
const RETRIES = 200

type Making = { spec: InstanceSpec; image: Docker.ImageInspectInfo; network: string }

/** `folder`: of the secret files that were written for it just now. */
type Made = { container: Docker.Container; isOurs: boolean; folder?: string }

/** Brings a container up: image, network, files and volumes, container, start. Each step finds what an end in the middle left. */
export class ContainerStart {
  readonly #parts: DockerParts
  readonly #networks: ProjectNetworks
  readonly #images: Images
  #limitsDisk: boolean

  constructor(parts: DockerParts, networks: ProjectNetworks) {
    this.#parts = parts
    this.#networks = networks
    this.#images = new Images(parts.engine)
    this.#limitsDisk = parts.abilities.diskLimits
  }

  /** `created` is the instance's container when it was made before and not started. */
  async run(spec: InstanceSpec, created: Docker.Container | undefined): Promise<Docker.Container> {
    const image = await this.#image(spec)
    this.#parts.crash.hit('runtime.after-image')
    return this.#networks.use(spec.labels.projectId, (network) =>
      this.#bringUp({ spec, image, network }, created),
    )
  }

  async #bringUp(making: Making, created: Docker.Container | undefined): Promise<Docker.Container> {
    for (let retriesLeft = RETRIES, known = created; ; retriesLeft -= 1, known = undefined) {
      const made = known === undefined ? await this.#create(making) : { container: known, isOurs: true }
      this.#parts.crash.hit('runtime.after-create')
      try {
        await startOnce(made.container)
        this.#parts.crash.hit('runtime.after-launch')
        return made.container
      } catch (error) {
        // With no engine to ask, everything is left as it is for the next try.
        if (isEngineGone(error)) throw error
        if (made.isOurs) await this.#discard(made)
        // Another server is still making the container, or removed it or its network between two of our steps.
        if (!isAbsentThere(error) || retriesLeft === 0) throw startFailure(error)
      }
      await pause(RETRY_MS)
    }
  }

  async #image(spec: InstanceSpec): Promise<Docker.ImageInspectInfo> {
    if (spec.artifact.kind !== 'image')
      throw new FairwayError(
        'not_supported',
        'The Docker runtime runs images, and this was built as a bundle. Build the commit again.',
      )
    // Refused before anything is pulled or made.
    checkEnvironment(spec.env)
    for (const { path } of spec.files) checkedPath(path)
    return this.#images.present(spec.artifact)
  }

  async #create({ spec, image, network }: Making): Promise<Made> {
    const { engine, installation, files, crash, abilities } = this.#parts
    const secrets = await files.write(folderName(installation, spec.id), spec.files)
    try {
      const volumes = await volumeMounts(engine, spec.volumes ?? [])
      crash.hit('runtime.after-files')
      const container = await this.#createOnce(spec, {
        installation,
        image: image.Id,
        entrypoint: entrypointOf(spec, image),
        network,
        mounts: [...volumes, ...secrets.mounts],
        cpus: abilities.cpus,
        limitsDisk: this.#limitsDisk,
      })
      return { container, isOurs: true, folder: secrets.folder }
    } catch (error) {
      if (isEngineGone(error)) throw error
      await files.remove(secrets.folder)
      if (!isConflict(error)) throw startFailure(error)
      // Another server made it meanwhile: starting it twice starts it once.
      return { container: engine.getContainer(containerName(installation, spec)), isOurs: false }
    }
  }

  async #createOnce(spec: InstanceSpec, around: Surroundings): Promise<Docker.Container> {
    try {
      return await this.#parts.engine.createContainer(containerOptions(spec, around))
    } catch (error) {
      if (!around.limitsDisk || !/storage-opt|pquota/.test(engineMessage(error))) throw error
      // The driver could, but this file system is not mounted for it.
      this.#limitsDisk = false
      return this.#createOnce(spec, { ...around, limitsDisk: false })
    }
  }

  /** Removes a container that could not be started, with its files. One that runs after all stays. */
  async #discard({ container, folder }: Made): Promise<void> {
    try {
      await container.remove({ v: true })
    } catch (error) {
      if (isConflict(error)) return
      if (!isAbsentThere(error)) throw error
    }
    if (folder !== undefined) await this.#parts.files.remove(folder)
  }
}

/** Another server may have started it meanwhile: then it runs, which is what was wanted. */
async function startOnce(container: Docker.Container): Promise<void> {
  try {
    await container.start()
  } catch (error) {
    if (engineStatusOf(error) !== ALREADY_STARTED) throw error
  }
}

const ALREADY_STARTED = 304
