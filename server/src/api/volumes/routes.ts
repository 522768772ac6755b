import * as contract from '@fairway/contract/routes/volumes'
import { transaction } from '../../db/db.ts'
import { listVolumeBackups } from '../../db/volume-backups.ts'
import { listVolumes } from '../../db/volumes.ts'
import { requireProject } from '../../operations/projects/require.ts'
import { attachVolume, detachVolume } from '../../operations/volumes/attach.ts'
import { deleteVolumeBackup, requestVolumeBackup } from '../../operations/volumes/backup.ts'
import { deleteVolume, patchVolume } from '../../operations/volumes/change.ts'
import { createVolume } from '../../operations/volumes/create.ts'
import { requireVolume, requireVolumeBackup } from '../../operations/volumes/require.ts'
import { pageOf } from '../page.ts'
import { defineRoute, type Route } from '../route.ts'
import { volumeBackupViewOf, volumeViewOf } from './view.ts'

const changing = (route: typeof contract.updateVolume): Route =>
  defineRoute(route, async ({ params, body, actor }, { db, sealer }) => {
    const target = { ...params, actor: actor.id }
    return volumeViewOf(await transaction(db, (tx) => patchVolume(tx, target, body, sealer)))
  })

export const volumeRoutes: readonly Route[] = [
  defineRoute(contract.listVolumes, async ({ params: { projectId }, page }, { db }) => {
    await requireProject(db, projectId)
    return pageOf(await listVolumes(db, projectId, page), page, (rows) => rows.map(volumeViewOf))
  }),

  defineRoute(contract.createVolume, async ({ params: { projectId }, body, actor }, { db, sealer }) => {
    const caller = { projectId, actor: actor.id }
    return volumeViewOf(await transaction(db, (tx) => createVolume(tx, caller, body, sealer)))
  }),

  defineRoute(contract.getVolume, async ({ params }, { db }) =>
    volumeViewOf(await requireVolume(db, params)),
  ),
  changing(contract.updateVolume),
  changing(contract.patchVolume),

  defineRoute(contract.deleteVolume, async ({ params, actor }, { db }) => {
    await transaction(db, async (tx) => {
      await requireVolume(tx, params)
      await deleteVolume(tx, { ...params, actor: actor.id })
    })
    return {}
  }),

  defineRoute(contract.attachVolume, async ({ params, body, actor }, { db, sealer }) => {
    // The contract refuses a body with neither.
    const object = body.nfObject ?? body.owningObject ?? { id: '', type: 'service' }
    return transaction(db, async (tx) => {
      await attachVolume(tx, { ...params, object, actor: actor.id }, sealer)
      return volumeViewOf(await requireVolume(tx, params))
    })
  }),

  defineRoute(contract.detachVolume, async ({ params, body, actor }, { db, sealer }) =>
    transaction(db, async (tx) => {
      const object = body?.nfObject
      const request = { ...params, actor: actor.id, ...(object !== undefined && { object }) }
      await detachVolume(tx, request, sealer)
      return volumeViewOf(await requireVolume(tx, params))
    }),
  ),

  defineRoute(contract.listVolumeBackups, async ({ params, page }, { db }) => {
    await requireProject(db, params.projectId)
    return pageOf(await listVolumeBackups(db, params, page), page, (rows) => rows.map(volumeBackupViewOf))
  }),

  defineRoute(contract.createVolumeBackup, async ({ params, body, actor }, { db }) => {
    const { name, description, customDestinationId } = body
    return transaction(db, async (tx) => {
      const backup = await requestVolumeBackup(tx, {
        ...params,
        name,
        description,
        actor: actor.id,
        ...(customDestinationId !== undefined && { destinationId: customDestinationId }),
      })
      return volumeBackupViewOf(backup)
    })
  }),

  defineRoute(contract.getVolumeBackup, async ({ params }, { db }) =>
    volumeBackupViewOf(await requireVolumeBackup(db, params)),
  ),

  defineRoute(contract.deleteVolumeBackup, async ({ params, actor }, { db }) => {
    await transaction(db, (tx) => deleteVolumeBackup(tx, { ...params, actor: actor.id }))
    return {}
  }),
]
