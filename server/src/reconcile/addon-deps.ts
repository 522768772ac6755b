import { FairwayError } from '@fairway/contract/errors'
import { limitsOf } from '@fairway/contract/resources/plans'
import type { AddonRow } from '../db/addons.ts'
import { type BackupDestinationRow, findBackupDestination } from '../db/backup-destinations.ts'
import type { Failure } from '../db/backups.ts'
import type { Db } from '../db/db.ts'
import type { Clock } from '../lib/clock.ts'
import type { CrashPoints } from '../lib/crash-point.ts'
import type { Log } from '../lib/log.ts'
import type { Sealer } from '../lib/seal.ts'
import { openAddonSettings } from '../operations/addons/settings.ts'
import type { AddonEngine, AddonPlace, AddonSettings, BackupStorage } from './addon-port.ts'

/** What the workers of addons, backups and restores need. */
export type AddonDeps = {
  db: Db
  /** By addon type. */
  engines: ReadonlyMap<string, AddonEngine>
  /** The storage of a destination; undefined is the data folder's own. */
  openStorage(destination: BackupDestinationRow | undefined): BackupStorage
  sealer: Sealer
  clock: Clock
  crash: CrashPoints
  log: Log
}

export type Woken = { wakeAfterMs: number | null }

/** Nothing to do until someone asks. */
export const RESTS: Woken = { wakeAfterMs: null }
export const AGAIN: Woken = { wakeAfterMs: 0 }

export function engineOf({ engines }: Pick<AddonDeps, 'engines'>, type: string): AddonEngine {
  const engine = engines.get(type)
  if (engine !== undefined) return engine
  throw new FairwayError('not_supported', `This Fairway cannot run addons of type "${type}".`)
}

export const placeOf = (addon: AddonRow, generation = addon.generation): AddonPlace => ({
  projectId: addon.project_id,
  addonId: addon.id,
  generation,
})

/** What the addon was created with, and what it may use now. The passwords are announced to the masker. */
export function settingsOf({ sealer }: Pick<AddonDeps, 'sealer'>, addon: AddonRow): AddonSettings {
  const key = { projectId: addon.project_id, addonId: addon.id }
  const { cpuMillis, memoryMb } = limitsOf(addon.spec)
  return {
    ...openAddonSettings(sealer, key, addon.settings),
    tls: addon.spec.tlsEnabled,
    limits: {
      ...(cpuMillis !== undefined && { cpuMillis }),
      ...(memoryMb !== undefined && { memoryMb }),
    },
  }
}

/** The storage a backup lies in. `backup_failed`: its destination is gone. */
export async function storageOf(
  deps: Pick<AddonDeps, 'db' | 'openStorage'>,
  destinationId: string | null,
): Promise<BackupStorage> {
  if (destinationId === null) return deps.openStorage(undefined)
  const destination = await findBackupDestination(deps.db, destinationId)
  if (destination !== undefined) return deps.openStorage(destination)
  throw new FairwayError(
    'backup_failed',
    `The backup destination "${destinationId}" does not exist any more. Add it again.`,
  )
}

/** What people are told of an error; anything unforeseen stays in the log. */
export const failureOf = (error: unknown, otherwise: Failure): Failure =>
  error instanceof FairwayError ? { code: error.code, message: error.message } : otherwise

export const isLater = (clock: Clock, than: Date | null, byMs: number): boolean =>
  than !== null && clock.now().getTime() - than.getTime() > byMs
