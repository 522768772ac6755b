import { type VolumeBody, volumeBody } from '@fairway/contract/resources/volume'
import { findVolume } from '../../../db/volumes.ts'
import { attachVolume } from '../../volumes/attach.ts'
import { patchVolume } from '../../volumes/change.ts'
import { createVolume } from '../../volumes/create.ts'
import type { Resource } from '../resource.ts'

/** A volume moves to another service only when a document names one; detaching is done by hand. */
export const volumeResource: Resource = {
  kind: 'Volume',
  schema: volumeBody,
  bodyOf: ({ owningObject, ...spec }) =>
    owningObject === undefined ? spec : { attachedObjects: [owningObject], ...spec },
  async read(db, { projectId, id }) {
    const row = await findVolume(db, { projectId, volumeId: id })
    if (row === undefined) return undefined
    const { mounts, ...spec } = row.spec
    const attachedObjects = row.service_id === null ? [] : [{ id: row.service_id, type: 'service' }]
    return { name: row.name, tags: row.tags, mounts, spec, attachedObjects }
  },
  async save(tx, { key, actor, body, current }, { sealer }) {
    const { projectId, id: volumeId } = key
    const wanted = body as VolumeBody
    if (current === undefined) {
      await createVolume(tx, { projectId, actor }, wanted, sealer)
      return
    }
    const { tags, mounts, spec, attachedObjects } = wanted
    const target = { projectId, volumeId, actor }
    await patchVolume(tx, target, { tags, mounts, spec: { storageSize: spec.storageSize } }, sealer)
    const [object] = attachedObjects
    if (object !== undefined) await attachVolume(tx, { ...target, object }, sealer)
  },
  keep: ['attachedObjects', 'spec.storageClassName'],
  fixed: ['spec.accessMode', 'spec.storageClassName'],
  once: ['source'],
  secret: [],
}
