import { randomBytes } from 'node:crypto'
import { FairwayError } from '@fairway/contract/errors'
import type { AddonSpec, BackupSchedule } from '@fairway/contract/resources/addon'
import { type AddonKey, insertAddon } from '../../db/addons.ts'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { schedule } from '../../db/work.ts'
import type { Sealer } from '../../lib/seal.ts'
import { requireOpenProject } from '../projects/require.ts'
import { workKey } from './require.ts'
import { addBackupSchedule } from './schedules.ts'
import { sealAddonSettings } from './settings.ts'

export type AddonRequest = AddonKey & {
  name: string
  description: string
  tags: readonly string[]
  spec: AddonSpec
  backupSchedules: readonly BackupSchedule[]
  actor: string | null
}

/** Creates an addon with generated credentials; its worker makes it run. Errors: `name_taken`, `invalid_state`. */
export async function createAddon(tx: Tx, request: AddonRequest, sealer: Sealer): Promise<void> {
  const { projectId, addonId, spec, actor } = request
  await requireOpenProject(tx, projectId)
  const inserted = await insertAddon(tx, request, {
    name: request.name,
    description: request.description,
    type: spec.type,
    spec,
    tags: request.tags,
    settings: sealAddonSettings(sealer, request, newSettings(spec)),
  })
  if (!inserted)
    throw new FairwayError(
      'name_taken',
      `The project already has an addon "${addonId}". Choose another name.`,
    )
  for (const spec of request.backupSchedules) await addBackupSchedule(tx, { projectId, addonId, spec })
  await schedule(tx, 'addon', workKey(request))
  await recordEvent(tx, {
    projectId,
    topic: 'addon',
    subject: workKey(request),
    type: 'addon.created',
    ...(actor === null ? {} : { actor }),
  })
}

const newSettings = (spec: AddonSpec) => ({
  version: spec.version,
  database: spec.customCredentials?.dbName ?? `db_${randomName()}`,
  username: `user_${randomName()}`,
  password: randomBytes(24).toString('base64url'),
  adminPassword: randomBytes(24).toString('base64url'),
})

const randomName = (): string => randomBytes(6).toString('hex')
