import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPostgresEngine } from './addons/postgres/engine.ts'
import { createFolderStorage } from './addons/storage/folder.ts'
import { openBackupStorage } from './addons/storage/open.ts'
import { type BuildLogs, createBuildLogs } from './builders/build-logs.ts'
import { createBundleBuilder } from './builders/bundle/bundle-builder.ts'
import type { Config } from './config.ts'
import type { BackupDestinationRow } from './db/backup-destinations.ts'
import type { Clock } from './lib/clock.ts'
import type { CrashPoints } from './lib/crash-point.ts'
import { connectEngine } from './lib/docker/engine.ts'
import type { Log } from './lib/log.ts'
import type { Sealer } from './lib/seal.ts'
import { openBackupDestination } from './operations/addons/destinations.ts'
import type { AddonEngine, BackupStorage } from './reconcile/addon-port.ts'
import type { Builder, Source } from './reconcile/builder-port.ts'
import type { ImageRegistry } from './reconcile/registry-port.ts'
import type { Runtime } from './reconcile/runtime-port.ts'
import type { Traffic } from './reconcile/traffic-port.ts'
import { createImageRegistry } from './registries/image-registry.ts'
import { fallingBackToLocalImages } from './registries/local-images.ts'
import { createNoImages } from './registries/no-images.ts'
import { hostPlatform } from './registries/platform.ts'
import { createProcessRuntime } from './runtimes/process/process-runtime.ts'
import { createGitSource } from './sources/git/source.ts'
import { startEmbeddedTraffic } from './traffic/embedded/embedded-traffic.ts'
import type { GatewaySettings } from './traffic/embedded/gateway-process.ts'

/** Where everything lies below the data folder. */
export const foldersOf = (dataFolder: string) => ({
  instances: join(dataFolder, 'instances'),
  artifacts: join(dataFolder, 'artifacts'),
  npmCache: join(dataFolder, 'npm-cache'),
  buildLogs: join(dataFolder, 'builds'),
  checkouts: join(dataFolder, 'checkouts'),
  addons: join(dataFolder, 'addons'),
  backups: join(dataFolder, 'backups'),
  programs: join(dataFolder, 'programs'),
  gateway: join(dataFolder, 'gateway'),
})

/** Everything that touches the world, behind its port. */
export type Adapters = {
  runtime: Runtime
  traffic: Traffic
  source: Source
  builder: Builder
  images: ImageRegistry
  buildLogs: BuildLogs
  engines: ReadonlyMap<string, AddonEngine>
  openStorage(destination: BackupDestinationRow | undefined): BackupStorage
}

export type AdapterDeps = { config: Config; sealer: Sealer; clock: Clock; log: Log; crash: CrashPoints }

/** The embedded default: processes, bundles, the gateway of our own, PostgreSQL from npm. */
export async function openAdapters({ config, sealer, clock, log, crash }: AdapterDeps): Promise<Adapters> {
  const folders = foldersOf(config.dataFolder)
  const [runtime, traffic] = await Promise.all([
    createProcessRuntime({ root: folders.instances, crash }),
    startEmbeddedTraffic({ settings: gatewaySettings(config), log }),
  ])
  const { remark } = runtime.capabilities()
  if (remark !== undefined) log.warn(remark)
  const postgres = createPostgresEngine({ data: folders.addons, programs: folders.programs })
  return {
    runtime,
    traffic,
    source: createGitSource(),
    builder: createBundleBuilder({
      root: folders.artifacts,
      npmCache: folders.npmCache,
      timeoutSeconds: config.builds.timeoutSeconds,
      crash,
    }),
    images: imagesOf(config, runtime),
    buildLogs: createBuildLogs({ root: folders.buildLogs, clock }),
    engines: new Map([[postgres.type, postgres]]),
    openStorage: (destination) => storageOf(destination, folders.backups, sealer),
  }
}

/** Images from elsewhere, for a runtime that can run them. */
function imagesOf({ docker }: Config, runtime: Runtime): ImageRegistry {
  if (runtime.capabilities().name === 'process') return createNoImages()
  const platform = hostPlatform()
  const registry = createImageRegistry({ platform, insecureHosts: docker.insecureRegistries })
  return fallingBackToLocalImages(connectEngine(docker.socket), platform, registry)
}

export function gatewaySettings({ dataFolder, gateway }: Config): GatewaySettings {
  const { gateway: stateFolder } = foldersOf(dataFolder)
  return {
    listen: { host: gateway.host, port: gateway.port },
    controlSocket: shortSocketPath(join(stateFolder, 'control.sock')),
    stateFolder,
    flags: {
      'access-log': gateway.accessLog ? 'on' : 'off',
      workers: String(gateway.workers),
    },
  }
}

/** The kernel allows a socket's path about a hundred bytes; a longer one moves to the temporary folder. */
function shortSocketPath(path: string): string {
  if (Buffer.byteLength(path) <= 100) return path
  const name = createHash('sha256').update(path).digest('hex').slice(0, 16)
  return join(tmpdir(), `fairway-${name}.sock`)
}

function storageOf(
  destination: BackupDestinationRow | undefined,
  folder: string,
  sealer: Sealer,
): BackupStorage {
  if (destination === undefined) return createFolderStorage(folder)
  return openBackupStorage(openBackupDestination(sealer, destination))
}
