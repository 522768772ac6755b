import { notFound } from '@fairway/contract/errors'
import * as contract from '@fairway/contract/routes/backup-destinations'
import type { z } from 'zod'
import {
  type BackupDestinationRow,
  findBackupDestination,
  listBackupDestinations,
} from '../../db/backup-destinations.ts'
import { type Db, transaction } from '../../db/db.ts'
import { createBackupDestination } from '../../operations/addons/destinations.ts'
import { removeBackupDestination } from '../../operations/addons/remove-destination.ts'
import { pageOf } from '../page.ts'
import { defineRoute, type Route } from '../route.ts'

/** Keys are never shown. */
function viewOf({
  id,
  name,
  spec,
  created_at,
}: BackupDestinationRow): z.input<typeof contract.backupDestinationView> {
  const common = { id, name, type: spec.type, createdAt: created_at.toISOString() }
  if (spec.type === 'folder') return { ...common, path: spec.path }
  const { bucket, endpoint = '', region = '', prefix = '' } = spec
  return { ...common, prefix, credentials: { bucketName: bucket, region, endpoint } }
}

async function required(db: Db, id: string): Promise<BackupDestinationRow> {
  const row = await findBackupDestination(db, id)
  if (row === undefined) throw notFound('backup destination', id)
  return row
}

/** What is stored of a request: the specification in the clear, the keys to be sealed. */
function requestOf(body: contract.BackupDestinationBody): Parameters<typeof createBackupDestination>[1] {
  if (body.type === 'folder') return { name: body.name, spec: { type: 'folder', path: body.path } }
  const { bucketName, endpoint, region, accessKey, secretKey } = body.credentials
  return {
    name: body.name,
    spec: {
      type: 's3',
      bucket: bucketName,
      endpoint,
      region,
      ...(body.prefix !== '' && { prefix: body.prefix }),
    },
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
  }
}

export const destinationRoutes: readonly Route[] = [
  defineRoute(contract.listBackupDestinations, async ({ page }, { db }) =>
    pageOf(await listBackupDestinations(db, page), page, (rows) => ({
      backupDestinations: rows.map(viewOf),
    })),
  ),
  defineRoute(contract.addBackupDestination, ({ body }, { db, sealer }) =>
    transaction(db, async (tx) => {
      const { destinationId } = await createBackupDestination(tx, requestOf(body), sealer)
      return viewOf(await required(tx, destinationId))
    }),
  ),
  defineRoute(contract.getBackupDestination, async ({ params }, { db }) =>
    viewOf(await required(db, params.backupDestinationId)),
  ),
  defineRoute(contract.deleteBackupDestination, async ({ params, actor }, { db }) => {
    await transaction(db, (tx) =>
      removeBackupDestination(tx, { id: params.backupDestinationId, actor: actor.id }),
    )
    return {}
  }),
]
