import { type AddonBody, addonBody } from '@fairway/contract/resources/addon'
import { findAddon } from '../../../db/addons.ts'
import { listBackupSchedules } from '../../../db/backup-schedules.ts'
import type { Db } from '../../../db/db.ts'
import { putAddonFrom } from '../../addons/save.ts'
import type { Json } from '../difference.ts'
import type { Resource, ResourceKey } from '../resource.ts'

export const addonResource: Resource = {
  kind: 'Addon',
  schema: addonBody,
  bodyOf: ({ backupSchedules, ...spec }) =>
    Array.isArray(backupSchedules) ? { ...spec, backupSchedules: inOrder(backupSchedules) } : spec,
  async read(db, key) {
    const row = await findAddon(db, { projectId: key.projectId, addonId: key.id })
    if (row === undefined) return undefined
    const { name, description, tags, spec } = row
    return { ...spec, name, description, tags, backupSchedules: await schedulesOf(db, key) }
  },
  async save(tx, { key, actor, body, offers = [] }, { sealer }) {
    await putAddonFrom(tx, { projectId: key.projectId, actor }, body as AddonBody, { sealer, offers })
  },
  outputs: ({ type }) => ({ type }),
  keep: [
    'version',
    'customCredentials',
    'backupSchedules',
    'pitrEnabled',
    ...['deploymentPlan', 'storage', 'storageClass', 'replicas'].map((field) => `billing.${field}`),
  ],
  fixed: ['type', 'version', 'customCredentials', 'typeSpecificSettings', 'pitrEnabled'],
  once: ['source'],
  secret: [],
}

async function schedulesOf(db: Db, { projectId, id }: ResourceKey): Promise<unknown[]> {
  const rows = await listBackupSchedules(db, { projectId, addonId: id })
  return inOrder(rows.map(({ spec }) => spec))
}

/** Schedules have no order; there is one of each interval and type. */
const inOrder = (schedules: readonly unknown[]): unknown[] =>
  schedules.toSorted((a, b) => (rankOf(a) < rankOf(b) ? -1 : 1))

const rankOf = (schedule: unknown): string => {
  const { scheduling, backupType } = (schedule ?? {}) as { scheduling?: Json; backupType?: unknown }
  return `${String(scheduling?.interval)} ${String(backupType)}`
}
