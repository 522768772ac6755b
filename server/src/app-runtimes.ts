import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createDockerPostgresEngine, createDockerRedisEngine } from './addons/docker/engines.ts'
import { createPostgresEngine } from './addons/postgres/engine.ts'
import { createBundleBuilder } from './builders/bundle/bundle-builder.ts'
import { createImageBuilder } from './builders/image/image-builder.ts'
import type { Config, RegistryConfig } from './config.ts'
import { foldersOf } from './data-folders.ts'
import type { CrashPoints } from './lib/crash-point.ts'
import { connectEngine } from './lib/docker/engine.ts'
import { ProjectNetworks } from './lib/docker/project-networks.ts'
import type { AddonEngine } from './reconcile/addon-port.ts'
import type { Builder } from './reconcile/builder-port.ts'
import type { ImageRegistry } from './reconcile/registry-port.ts'
import type { Runtime } from './reconcile/runtime-port.ts'
import type { VolumeStore } from './reconcile/volume-port.ts'
import { createImageRegistry } from './registries/image-registry.ts'
import { fallingBackToLocalImages } from './registries/local-images.ts'
import { createNoImages } from './registries/no-images.ts'
import { hostPlatform } from './registries/platform.ts'
import { createDockerRuntime } from './runtimes/docker/docker-runtime.ts'
import { createDockerVolumes } from './runtimes/docker-volumes/docker-volumes.ts'
import { createProcessRuntime } from './runtimes/process/process-runtime.ts'
import { createProcessVolumes } from './runtimes/process-volumes/process-volumes.ts'

/** What belongs together: where workloads run, and what is made, kept and stored for them there. */
export type RuntimeParts = {
  runtime: Runtime
  builder: Builder
  images: ImageRegistry
  engines: ReadonlyMap<string, AddonEngine>
  volumes: VolumeStore
}

type RuntimeDeps = { config: Config; crash: CrashPoints; installation: string }

const IMAGES_FOLDER = fileURLToPath(new URL('../../images', import.meta.url))

/** Processes of this machine from bundles, and PostgreSQL from npm. */
export async function openProcessParts({ config, crash }: RuntimeDeps): Promise<RuntimeParts> {
  const folders = foldersOf(config.dataFolder)
  const postgres = createPostgresEngine({ data: folders.addons, programs: folders.programs })
  return {
    runtime: await createProcessRuntime({ root: folders.instances, crash }),
    builder: createBundleBuilder({
      root: folders.artifacts,
      npmCache: folders.npmCache,
      timeoutSeconds: config.builds.timeoutSeconds,
      crash,
    }),
    images: createNoImages(),
    engines: new Map([[postgres.type, postgres]]),
    volumes: createProcessVolumes({ root: folders.volumes }),
  }
}

/** Containers of a Docker Engine from images, and addons in containers too. */
export async function openDockerParts({ config, crash, installation }: RuntimeDeps): Promise<RuntimeParts> {
  const { docker, builds, dataFolder, path } = config
  const socketPath = docker.socket
  const platform = hostPlatform()
  const engine = connectEngine(socketPath)
  const registry = createImageRegistry({ platform, insecureHosts: docker.insecureRegistries })
  const networks = new ProjectNetworks(engine, installation)
  const addons = { installation, images: IMAGES_FOLDER, socketPath, networks, crash }
  const engines = [createDockerPostgresEngine(addons), createDockerRedisEngine(addons)]
  return {
    runtime: await createDockerRuntime({ installation, socketPath, networks, crash }),
    builder: createImageBuilder({
      socket: socketPath,
      installation,
      root: join(dataFolder, 'image-builds'),
      programFolders: path.split(delimiter),
      ...(docker.registry !== undefined && { registry: registryPlace(docker, docker.registry) }),
      baseImage: docker.nodeImage,
      timeoutSeconds: builds.timeoutSeconds,
      crash,
    }),
    images: fallingBackToLocalImages(engine, platform, registry),
    engines: new Map(engines.map((one) => [one.type, one])),
    volumes: createDockerVolumes({ engine, installation }),
  }
}

/** `host[:port]/prefix`, with credentials where there are some. */
function registryPlace(
  { insecureRegistries }: Config['docker'],
  { repository, username, password }: RegistryConfig,
) {
  const [host = '', ...prefix] = repository.split('/')
  return {
    host,
    insecure: insecureRegistries.includes(host),
    prefix: prefix.join('/'),
    ...(username !== undefined && { credentials: { username, password: password ?? '' } }),
  }
}
