import type { Db, Tx } from '../../db/db.ts'
import { insertOwnSecret, type Owner, readOwnSecret } from '../../db/secrets.ts'
import { openJson, type Sealer, sealJson } from '../../lib/seal.ts'

export type FileValue = { data: string; encoding?: string }

/** A resource's own variables and files. File data is base64. */
export type OwnSecrets = {
  runtimeEnvironment: Record<string, string>
  runtimeFiles: Record<string, FileValue>
  buildArguments: Record<string, string>
  buildFiles: Record<string, FileValue>
  /** Secret mounts of builds, by id. */
  dockerSecretMounts: Record<string, FileValue>
}

const NONE: OwnSecrets = {
  runtimeEnvironment: {},
  runtimeFiles: {},
  buildArguments: {},
  buildFiles: {},
  dockerSecretMounts: {},
}

const contextOf = (owner: Owner): string => `own/${owner.projectId}/${owner.kind}/${owner.id}`

/** The newest own values, or those of a version; version 0 and nothing when there never were any. */
export async function readOwnSecrets(
  db: Db,
  owner: Owner,
  sealer: Sealer,
  version?: number,
): Promise<{ version: number; values: OwnSecrets }> {
  const row = await readOwnSecret(db, owner, version)
  if (row === undefined) return { version: 0, values: NONE }
  // Values that were sealed by an earlier version lack what it did not know.
  const values = { ...NONE, ...openJson<Partial<OwnSecrets>>(sealer, row.sealed, contextOf(owner)) }
  return { version: row.version, values }
}

/**
 * Replaces the named parts of a resource's own values; parts that are absent stay. Answers the new version, or the
 * old one when nothing changed. Does not restart anything.
 */
export async function setOwnSecrets(
  tx: Tx,
  owner: Owner,
  change: Partial<OwnSecrets>,
  sealer: Sealer,
): Promise<{ version: number; changed: boolean }> {
  const current = await readOwnSecrets(tx, owner, sealer)
  const values = { ...current.values, ...definedParts(change) }
  if (JSON.stringify(values) === JSON.stringify(current.values)) {
    return { version: current.version, changed: false }
  }
  const version = current.version + 1
  await insertOwnSecret(tx, owner, { version, sealed: sealJson(sealer, values, contextOf(owner)) })
  return { version, changed: true }
}

const definedParts = (change: Partial<OwnSecrets>): Partial<OwnSecrets> =>
  Object.fromEntries(Object.entries(change).filter(([, part]) => part !== undefined))
