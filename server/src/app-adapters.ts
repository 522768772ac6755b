import { createFolderStorage } from './addons/storage/folder.ts'
import { openBackupStorage } from './addons/storage/open.ts'
import type { GitParts } from './app-git.ts'
import { openProcessParts, type RuntimeDeps, type RuntimeParts } from './app-runtimes.ts'
import { openTraffic } from './app-traffic.ts'
import { type BuildLogs, createBuildLogs } from './builders/build-logs.ts'
import type { Config } from './config.ts'
import { foldersOf } from './data-folders.ts'
import type { BackupDestinationRow } from './db/backup-destinations.ts'
import { openInstallation } from './installation/open-installation.ts'
import type { Clock } from './lib/clock.ts'
import type { CrashPoints } from './lib/crash-point.ts'
import type { Log } from './lib/log.ts'
import type { Sealer } from './lib/seal.ts'
import { openBackupDestination } from './operations/addons/destinations.ts'
import type { BackupStorage } from './reconcile/addon-port.ts'
import type { Traffic } from './reconcile/traffic-port.ts'

/** Everything that touches the world, behind its port. */
export type Adapters = OpenedAdapters & GitParts

/** What can be opened before the database. */
export type OpenedAdapters = RuntimeParts & {
  traffic: Traffic
  buildLogs: BuildLogs
  openStorage(destination: BackupDestinationRow | undefined): BackupStorage
}

export type AdapterDeps = { config: Config; sealer: Sealer; clock: Clock; log: Log; crash: CrashPoints }

/** The parts that this installation was started with first, or those that are found now. */
export async function openAdapters(deps: AdapterDeps): Promise<OpenedAdapters> {
  const { config, sealer, clock, log, crash } = deps
  const { dataFolder, parts, docker, gateway, path } = config
  const folders = foldersOf(dataFolder)
  const { id, runtime, why, ...chosen } = await openInstallation({
    dataFolder,
    wanted: parts,
    dockerSocket: docker.socket,
    haproxy: gateway.haproxy,
    path,
  })
  log.info({ runtime, why: why.runtime }, 'chose where workloads run')
  log.info({ gateway: chosen.gateway, why: why.gateway }, 'chose who serves them')
  const runtimeDeps = { config, crash, installation: id }
  const [opened, traffic] = await Promise.all([
    runtime === 'docker' ? openOnDocker(runtimeDeps) : openProcessParts(runtimeDeps),
    openTraffic({ config, log, gateway: chosen.gateway, former: chosen.formerGateway }),
  ])
  const { remark } = opened.runtime.capabilities()
  if (remark !== undefined) log.warn(remark)
  return {
    ...opened,
    traffic,
    buildLogs: createBuildLogs({ root: folders.buildLogs, clock }),
    openStorage: (destination) => storageOf(destination, folders.backups, sealer),
  }
}

/** Loaded where it is used: the engine's client takes a while. */
async function openOnDocker(deps: RuntimeDeps): Promise<RuntimeParts> {
  const { openDockerParts } = await import('./app-docker.ts')
  return openDockerParts(deps)
}

function storageOf(
  destination: BackupDestinationRow | undefined,
  folder: string,
  sealer: Sealer,
): BackupStorage {
  if (destination === undefined) return createFolderStorage(folder)
  return openBackupStorage(openBackupDestination(sealer, destination))
}
