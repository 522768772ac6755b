import { createPostgresEngine } from './addons/postgres/engine.ts'
import { createBundleBuilder } from './builders/bundle/bundle-builder.ts'
import type { Config } from './config.ts'
import { foldersOf } from './data-folders.ts'
import type { CrashPoints } from './lib/crash-point.ts'
import type { AddonEngine } from './reconcile/addon-port.ts'
import type { Builder } from './reconcile/builder-port.ts'
import type { ImageRegistry } from './reconcile/registry-port.ts'
import type { Runtime } from './reconcile/runtime-port.ts'
import type { VolumeStore } from './reconcile/volume-port.ts'
import { createNoImages } from './registries/no-images.ts'
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

export type RuntimeDeps = { config: Config; crash: CrashPoints; installation: string }

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
