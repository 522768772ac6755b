import { FairwayError } from '@fairway/contract/errors'
import type { BackupDestinationRow } from '../db/backup-destinations.ts'
import type { Db } from '../db/db.ts'
import type { Clock } from '../lib/clock.ts'
import type { CrashPoints } from '../lib/crash-point.ts'
import type { Log } from '../lib/log.ts'
import type { Sealer } from '../lib/seal.ts'
import type { BackupStorage } from './addon-port.ts'
import type { VolumeStore } from './volume-port.ts'

/** What the workers of volumes and of their backups need. */
export type VolumeDeps = {
  db: Db
  volumes: VolumeStore
  /** The storage of a destination; undefined is the data folder's own. */
  openStorage(destination: BackupDestinationRow | undefined): BackupStorage
  sealer: Sealer
  clock: Clock
  crash: CrashPoints
  log: Log
}

export const isLeaseLost = (error: unknown): boolean =>
  error instanceof FairwayError && error.code === 'lease_lost'
