import { FairwayError } from '@fairway/contract/errors'
import type Docker from 'dockerode'
import type { InstanceSpec } from '../../reconcile/runtime-port.ts'
import { checkEnvironment } from '../process/environment.ts'
import { containerOptions, type Surroundings } from './container-options.ts'
import type { DockerParts } from './docker-parts.ts'
import { engineMessage, isAbsentThere, isConflict, isEngineGone, startFailure } from './engine-failure.ts'
import { entrypointOf } from './image-process.ts'
import { Images } from './images.ts'
import { containerName, folderName } from './labels.ts'
import type { ProjectNetworks } from './networks.ts'
import { checkedPath } from './secret-files.ts'
import { volumeMounts } from './volumes.ts'

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
    const { crash } = this.#parts
    const image = await this.#image(spec)
    crash.hit('runtime.after-image')
    return this.#networks.use(spec.labels.projectId, async (network) => {
      try {
        const container = created ?? (await this.#create(spec, image, network))
        crash.hit('runtime.after-create')
        await container.start()
        crash.hit('runtime.after-launch')
        return container
      } catch (error) {
        // With no engine to ask, everything is left as it is for the next try.
        if (isEngineGone(error)) throw error
        await this.#discard(spec)
        throw startFailure(error)
      }
    })
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

  async #create(
    spec: InstanceSpec,
    image: Docker.ImageInspectInfo,
    network: string,
  ): Promise<Docker.Container> {
    const { engine, installation, files, crash, abilities } = this.#parts
    const [secrets, volumes] = [
      await files.write(folderName(installation, spec.id), spec.files),
      await volumeMounts(engine, spec.volumes ?? []),
    ]
    crash.hit('runtime.after-files')
    const around = {
      installation,
      image: image.Id,
      entrypoint: entrypointOf(spec, image),
      network,
      mounts: [...volumes, ...secrets],
      cpus: abilities.cpus,
      limitsDisk: this.#limitsDisk,
    }
    return this.#createOnce(spec, around)
  }

  async #createOnce(spec: InstanceSpec, around: Surroundings): Promise<Docker.Container> {
    const { engine, installation } = this.#parts
    try {
      return await engine.createContainer(containerOptions(spec, around))
    } catch (error) {
      // Someone else made it meanwhile: starting it twice starts it once.
      if (isConflict(error)) return engine.getContainer(containerName(installation, spec))
      if (!around.limitsDisk || !/storage-opt|pquota/.test(engineMessage(error))) throw error
      // The driver could, but this file system is not mounted for it.
      this.#limitsDisk = false
      return this.#createOnce(spec, { ...around, limitsDisk: false })
    }
  }

  /** Removes a container that could not be started, with its files. One that runs after all stays. */
  async #discard(spec: InstanceSpec): Promise<void> {
    const { engine, installation, files } = this.#parts
    try {
      await engine.getContainer(containerName(installation, spec)).remove({ v: true })
    } catch (error) {
      if (isConflict(error)) return
      if (!isAbsentThere(error)) throw error
    }
    await files.remove(folderName(installation, spec.id))
  }
}
