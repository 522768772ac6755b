import { z } from 'zod'
import { nameOf } from '../names.ts'

/** Grow only. Northflank's classes start at 4 GB or more; a smaller disk is allowed here. */
const storageSize = z.int().min(256).max(16_777_216).describe('MB')

const noWayOut = (path: string): boolean =>
  !path.includes('\0') && !path.split('/').some((part) => part === '..' || part === '.')

/** Places where the platform keeps its own files, or where a volume would hide what a program needs to start. */
const RESERVED = ['/', '/proc', '/sys', '/dev']

const mount = z.strictObject({
  containerMountPath: z
    .string()
    .max(500)
    .regex(/^\//, 'must be absolute')
    .refine(noWayOut, 'must not have "." or ".." in it')
    .transform((path) => (path === '/' ? path : path.replace(/\/+/g, '/').replace(/\/$/, '')))
    .refine(
      (path) => !RESERVED.some((taken) => path === taken || (taken !== '/' && path.startsWith(`${taken}/`))),
      'must not be /, /proc, /sys or /dev',
    )
    .describe('where instances see it'),
  volumeMountPath: z
    .string()
    .max(500)
    .refine(noWayOut, 'must not have "." or ".." in it')
    .transform((path) => path.split('/').filter(Boolean).join('/'))
    .default('')
    .describe('a folder within the volume; empty is all of it'),
})
export type VolumeMount = z.output<typeof mount>

const mounts = z
  .array(mount)
  .min(1)
  .max(20)
  .refine(
    (all) => new Set(all.map(({ containerMountPath }) => containerMountPath)).size === all.length,
    'containerMountPath must be different in each mount',
  )

export const volumeObject = z.strictObject({
  id: z.string().min(1).max(100),
  type: z.enum(['service', 'job']).default('service'),
})

const source = z.strictObject({
  type: z.enum(['volume', 'backup']),
  sourceId: z
    .string()
    .min(1)
    .max(200)
    .describe('the id of a volume; or of a backup, also as `<volumeId>/<backupId>`'),
})
export type VolumeSource = z.output<typeof source>

/** The body of create. `owningObject` is an older way to write the one attached object. */
export const volumeBody = z.strictObject({
  name: nameOf(3, 54),
  tags: z.array(z.string()).default([]),
  mounts,
  spec: z.strictObject({
    accessMode: z
      .enum(['ReadWriteOnce'], 'must be ReadWriteOnce: a volume here is on one host and for one instance')
      .default('ReadWriteOnce'),
    storageClassName: z.string().max(63).optional(),
    storageSize,
  }),
  source: source.optional(),
  owningObject: volumeObject.optional(),
  attachedObjects: z.array(volumeObject).max(1, 'a volume is attached to one service').default([]),
})
export type VolumeBody = z.output<typeof volumeBody>

/** As stored. */
export type VolumeSpec = VolumeBody['spec'] & { mounts: VolumeMount[] }

export const volumePatch = z.strictObject({
  tags: z.array(z.string()).optional(),
  mounts: mounts.optional(),
  spec: z.strictObject({ storageSize: storageSize.optional() }).optional(),
})
export type VolumePatch = z.output<typeof volumePatch>

export const attachBody = z
  .strictObject({ nfObject: volumeObject.optional(), owningObject: volumeObject.optional() })
  .refine(({ nfObject, owningObject }) => (nfObject ?? owningObject) !== undefined, {
    path: ['nfObject'],
    message: 'names the service to attach the volume to',
  })
export const detachBody = z.strictObject({ nfObject: volumeObject.optional() })

export const volumeBackupBody = z.strictObject({
  name: nameOf(3, 54),
  description: z.string().max(200).default(''),
  customDestinationId: z.string().optional().describe('absent: the data folder of Fairway'),
})
