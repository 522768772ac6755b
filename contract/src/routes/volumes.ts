import { z } from 'zod'
import { resourceId } from '../names.ts'
import { attachBody, detachBody, volumeBackupBody, volumeBody, volumePatch } from '../resources/volume.ts'
import { route } from '../route.ts'
import { backupMoves, volumeMoves } from '../states.ts'

const tag = 'Volumes'
const inProject = z.object({ projectId: resourceId })
const one = inProject.extend({ volumeId: resourceId })
const oneBackup = one.extend({ backupId: z.string().min(1).max(100) })
const base = '/projects/{projectId}/volumes'
const empty = z.object({})
const statesOf = <State extends string>(moves: Record<State, unknown>) =>
  z.enum(Object.keys(moves) as [State, ...State[]])

const spec = z.object({
  accessMode: z.literal('ReadWriteOnce'),
  storageClassName: z.string().optional(),
  storageSize: z.number().describe('MB'),
})

export const volumeView = z.object({
  id: z.string(),
  name: z.string(),
  tags: z.array(z.string()),
  spec,
  mounts: z.array(z.object({ containerMountPath: z.string(), volumeMountPath: z.string() })),
  attachedObjects: z.array(z.object({ id: z.string(), type: z.literal('service') })),
  owningObject: z.object({ id: z.string(), type: z.literal('service') }).optional(),
  source: z.object({ type: z.enum(['volume', 'backup']), sourceId: z.string() }).optional(),
  status: statesOf(volumeMoves),
  statusMessage: z.string().optional(),
  usedMb: z.number().optional().describe('as seen last, where the runtime can tell'),
  createdAt: z.string(),
  updatedAt: z.string(),
})
export type VolumeView = z.infer<typeof volumeView>

export const volumeBackupView = z.object({
  id: z.string().describe('as a source also `<volumeId>/<id>`'),
  name: z.string(),
  description: z.string(),
  status: statesOf(backupMoves),
  spec: z.object({ storageSize: z.number().describe('MB of the volume when it was asked for') }),
  source: z.object({ type: z.literal('volume'), sourceObject: z.object({ id: z.string(), spec }) }),
  sizeBytes: z.number().optional().describe('as stored, compressed'),
  sha256: z.string().optional().describe('of what is stored'),
  files: z.number().optional(),
  customDestinationId: z.string().optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
  completedAt: z.string().optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
})
export type VolumeBackupView = z.infer<typeof volumeBackupView>

export const listVolumes = route({
  id: 'listVolumes',
  method: 'GET',
  path: base,
  summary: 'List the volumes of a project',
  tag,
  permission: 'read',
  params: inProject,
  reply: z.array(volumeView),
  paginated: true,
})
export const createVolume = route({
  id: 'createVolume',
  method: 'POST',
  path: base,
  summary: 'Create a volume, empty or as a copy of a volume or a backup; it can be used when it is BOUND',
  tag,
  permission: 'write',
  params: inProject,
  body: volumeBody,
  reply: volumeView,
})
export const getVolume = route({
  id: 'getVolume',
  method: 'GET',
  path: `${base}/{volumeId}`,
  summary: 'A volume',
  tag,
  permission: 'read',
  params: one,
  reply: volumeView,
})

const changing = (method: 'POST' | 'PATCH', id: string) =>
  route({
    id,
    method,
    path: `${base}/{volumeId}`,
    summary: 'Change the mounts of a volume, or make it larger',
    tag,
    permission: 'write',
    params: one,
    body: volumePatch,
    reply: volumeView,
  })
export const updateVolume = changing('POST', 'updateVolume')
export const patchVolume = changing('PATCH', 'patchVolume')

export const deleteVolume = route({
  id: 'deleteVolume',
  method: 'DELETE',
  path: `${base}/{volumeId}`,
  summary: 'Delete a volume and its data at once; its backups stay',
  tag,
  permission: 'write',
  params: one,
  reply: empty,
})
export const attachVolume = route({
  id: 'attachVolume',
  method: 'POST',
  path: `${base}/{volumeId}/attach`,
  summary: 'Attach a volume to a service, which is deployed again with it',
  tag,
  permission: 'write',
  params: one,
  body: attachBody,
  reply: volumeView,
})
export const detachVolume = route({
  id: 'detachVolume',
  method: 'POST',
  path: `${base}/{volumeId}/detach`,
  summary: 'Detach a volume from its service, which is deployed again without it',
  tag,
  permission: 'write',
  params: one,
  body: detachBody.optional(),
  reply: volumeView,
})

export const listVolumeBackups = route({
  id: 'listVolumeBackups',
  method: 'GET',
  path: `${base}/{volumeId}/backups`,
  summary: 'List the backups of a volume, newest first; also when the volume is gone',
  tag,
  permission: 'read',
  params: one,
  reply: z.array(volumeBackupView),
  paginated: true,
})
export const createVolumeBackup = route({
  id: 'backupVolume',
  method: 'POST',
  path: `${base}/{volumeId}/backups`,
  summary: 'Back a volume up now',
  tag,
  permission: 'write',
  params: one,
  body: volumeBackupBody,
  reply: volumeBackupView,
})
export const getVolumeBackup = route({
  id: 'getVolumeBackup',
  method: 'GET',
  path: `${base}/{volumeId}/backups/{backupId}`,
  summary: 'A backup of a volume',
  tag,
  permission: 'read',
  params: oneBackup,
  reply: volumeBackupView,
})
export const deleteVolumeBackup = route({
  id: 'deleteVolumeBackup',
  method: 'DELETE',
  path: `${base}/{volumeId}/backups/{backupId}`,
  summary: 'Stop a backup that is under way, or delete it with what it stored',
  tag,
  permission: 'write',
  params: oneBackup,
  reply: empty,
})
