import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createDockerPostgresEngine, createDockerRedisEngine } from './addons/docker/engines.ts'
import type { RuntimeDeps, RuntimeParts } from './app-runtimes.ts'
import { createImageBuilder } from './builders/image/image-builder.ts'
import type { Config, RegistryConfig } from './config.ts'
import { connectEngine } from './lib/docker/engine.ts'
import { ProjectNetworks } from './lib/docker/project-networks.ts'
import { createImageRegistry } from './registries/image-registry.ts'
import { fallingBackToLocalImages } from './registries/local-images.ts'
import { hostPlatform } from './registries/platform.ts'
import { createDockerRuntime } from './runtimes/docker/docker-runtime.ts'
import { createDockerVolumes } from './runtimes/docker-volumes/docker-volumes.ts'

const IMAGES_FOLDER = fileURLToPath(new URL('../../images', import.meta.url))

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
