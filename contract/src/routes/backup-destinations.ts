import { z } from 'zod'
import { nameOf } from '../names.ts'
import { route } from '../route.ts'

const tag = 'Backups'
const base = '/backup-destinations'
const one = z.object({ backupDestinationId: z.uuid() })

/** A bucket of S3-compatible storage, as Northflank has it, or a folder of this machine. */
export const backupDestinationBody = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('s3'),
    name: nameOf(3, 100),
    description: z.string().max(200).optional(),
    prefix: z
      .string()
      .max(200)
      .regex(/^[A-Za-z0-9/._-]*$/, 'may hold letters, digits and / . _ -')
      .default(''),
    credentials: z.strictObject({
      accessKey: z.string().min(1).max(200),
      secretKey: z.string().min(1).max(200),
      bucketName: z.string().min(1).max(100),
      region: z.string().min(1).max(100),
      endpoint: z.url().describe('for instance https://s3.example.com'),
    }),
  }),
  z.strictObject({
    type: z.literal('folder'),
    name: nameOf(3, 100),
    description: z.string().max(200).optional(),
    path: z
      .string()
      .max(1000)
      .regex(/^\/[^\0]*$/, 'must be an absolute path')
      .refine((path) => !path.split('/').includes('..'), 'may not hold ".."'),
  }),
])
export type BackupDestinationBody = z.output<typeof backupDestinationBody>

/** Without the keys. */
export const backupDestinationView = z.object({
  id: z.string(),
  name: z.string(),
  type: z.enum(['s3', 'folder']),
  prefix: z.string().optional(),
  path: z.string().optional(),
  credentials: z.object({ bucketName: z.string(), region: z.string(), endpoint: z.string() }).optional(),
  createdAt: z.string(),
})

export const listBackupDestinations = route({
  id: 'listBackupDestinations',
  method: 'GET',
  path: base,
  summary: 'List the places backups may go to, besides the data folder',
  tag,
  permission: 'read',
  reply: z.object({ backupDestinations: z.array(backupDestinationView) }),
  paginated: true,
})

export const addBackupDestination = route({
  id: 'addBackupDestination',
  method: 'POST',
  path: base,
  summary: 'Add a place for backups; its keys are sealed and never shown again',
  tag,
  permission: 'admin',
  body: backupDestinationBody,
  reply: backupDestinationView,
})

export const getBackupDestination = route({
  id: 'getBackupDestination',
  method: 'GET',
  path: `${base}/{backupDestinationId}`,
  summary: 'A place for backups',
  tag,
  permission: 'read',
  params: one,
  reply: backupDestinationView,
})

export const deleteBackupDestination = route({
  id: 'deleteBackupDestination',
  method: 'DELETE',
  path: `${base}/{backupDestinationId}`,
  summary: 'Forget a place for backups. Refused while backups lie there',
  tag,
  permission: 'admin',
  params: one,
  reply: z.object({}),
})
