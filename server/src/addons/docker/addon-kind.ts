import type Docker from 'dockerode'
import type { AddonEndpoint, AddonEngine, AddonPlace } from '../../reconcile/addon-port.ts'
import type { BackupRequest } from '../store-backup.ts'

export type RestoreRequest = Parameters<AddonEngine['restore']>[1]

/** A server that answers. */
export type RunningAddon = {
  place: AddonPlace
  container: Docker.Container
  endpoint: AddonEndpoint & { externalHost: string }
  version: string
}

/** What differs between the types of addons that have an image in `images/`. */
export type AddonKind = {
  type: string
  /** For people. */
  name: string
  /** The major version that the image's packages have. */
  major: string
  port: number
  backupTypes: readonly ('snapshot' | 'dump')[]
  /** The data of a backup, uncompressed. `backup_failed` when it cannot be read. */
  read(addon: RunningAddon, request: BackupRequest): AsyncIterable<Uint8Array>
  /** Fills an empty server from a dump. `restore_failed` when it does not take all of it. */
  load(addon: RunningAddon, request: RestoreRequest, content: AsyncIterable<Uint8Array>): Promise<void>
  /** Reads everything that was restored, and counts it. */
  verify(
    addon: RunningAddon,
    request: Pick<RestoreRequest, 'settings' | 'signal'>,
  ): Promise<{ tables: number; rows: number }>
}
