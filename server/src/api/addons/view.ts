import type { AddonView } from '@fairway/contract/routes/addons'
import type { BackupView, RestoreView } from '@fairway/contract/routes/backups'
import type { AddonRow, GenerationRow } from '../../db/addons.ts'
import type { BackupRow } from '../../db/backups.ts'
import type { RestoreRow } from '../../db/restores.ts'
import { appIdOf, CLUSTER, REGION } from '../cluster.ts'

/** An addon as Northflank shows it; nothing secret is part of it. */
export function addonViewOf(addon: AddonRow, generations?: readonly GenerationRow[]): AddonView {
  const { billing } = addon.spec
  return {
    id: addon.id,
    name: addon.name,
    appId: appIdOf(addon.project_id, addon.id),
    description: addon.description,
    tags: addon.tags,
    createdAt: addon.created_at.toISOString(),
    status: addon.status,
    ...(addon.status_message !== null && { statusMessage: addon.status_message }),
    spec: {
      type: addon.type,
      config: {
        versionTag: addon.version ?? addon.spec.version,
        lifecycleStatus: 'active',
        deployment: {
          replicas: billing.replicas ?? 1,
          storageClass: billing.storageClass ?? 'local',
          storageSize: billing.storage ?? 0,
          planId: billing.deploymentPlan ?? '',
          region: REGION,
        },
        networking: { tlsEnabled: addon.spec.tlsEnabled, externalAccessEnabled: false },
      },
    },
    cluster: CLUSTER,
    generation: addon.generation,
    ...(generations !== undefined && {
      keptGenerations: generations
        .filter(({ state }) => state === 'kept')
        .map(({ generation }) => generation),
    }),
  }
}

export const backupViewOf = (backup: BackupRow): BackupView => ({
  id: backup.id,
  name: backup.name,
  status: backup.status,
  createdAt: backup.created_at.toISOString(),
  ...(backup.concluded_at !== null && { completedAt: backup.concluded_at.toISOString() }),
  config: {
    source: { type: backup.type === 'snapshot' ? 'snapshot' : 'externalDump' },
    size: String(backup.record?.sizeBytes ?? 0),
    compressionType: backup.compression,
    ...(backup.record?.engineVersion !== undefined && { addonVersion: backup.record.engineVersion }),
  },
  ...(backup.destination_id !== null && { customDestinationId: backup.destination_id }),
  ...(backup.expires_at !== null && { expiresAt: backup.expires_at.toISOString() }),
  retained: backup.retain,
  trigger: backup.trigger,
  ...(backup.error !== null && { error: backup.error }),
})

export const restoreViewOf = (restore: RestoreRow): RestoreView => ({
  id: restore.id,
  backupId: restore.backup_id,
  status: restore.status,
  createdAt: restore.created_at.toISOString(),
  ...(restore.concluded_at !== null && { completedAt: restore.concluded_at.toISOString() }),
  ...(restore.verified !== null && { verified: restore.verified }),
  ...(restore.error !== null && { error: restore.error }),
})
