import { z } from 'zod'
import { description, nameOf } from '../names.ts'
import { planNames } from './plans.ts'

/** The addon types this release knows. Without a Docker Engine only `postgresql` runs; creating others is refused. */
export const addonTypes = ['postgresql', 'redis'] as const

export const compressionType = z.enum(['gz', 'zstd', 'none'])
export const backupType = z.enum(['snapshot', 'dump'])

const additionalDestination = z.strictObject({
  destinationId: z.string(),
  retentionTime: z.int().min(1).optional(),
  type: z.literal('custom').default('custom'),
})

const schedulingParts = {
  minute: z.array(z.int().min(0).max(59)).min(1),
  hour: z.array(z.int().min(0).max(23)).min(1),
  day: z.array(z.int().min(0).max(6)).min(1).describe('0 is Monday'),
}

/** When a schedule is due: hourly takes minutes, daily also hours, weekly also days. UTC. */
export const scheduling = z.discriminatedUnion('interval', [
  z.strictObject({ interval: z.literal('hourly'), minute: schedulingParts.minute }),
  z.strictObject({
    interval: z.literal('daily'),
    minute: schedulingParts.minute,
    hour: schedulingParts.hour,
  }),
  z.strictObject({ interval: z.literal('weekly'), ...schedulingParts }),
])

const MAX_RETENTION_DAYS = { hourly: 7, daily: 60, weekly: 120 } as const

export const backupSchedule = z
  .strictObject({
    backupType: backupType.default('snapshot'),
    scheduling,
    retentionTime: z.int().min(1).describe('days'),
    compressionType: compressionType.optional(),
    customDestinationId: z.string().optional(),
    additionalDestinations: z.array(additionalDestination).optional(),
  })
  .superRefine((schedule, context) => {
    const most = MAX_RETENTION_DAYS[schedule.scheduling.interval]
    if (schedule.retentionTime <= most) return
    context.addIssue({
      code: 'custom',
      path: ['retentionTime'],
      message: `${schedule.scheduling.interval} backups are kept at most ${most} days`,
    })
  })
export type BackupSchedule = z.infer<typeof backupSchedule>

/** The body of create and put. Settings of engines this release does not have are refused with the type. */
export const addonBody = z.strictObject({
  name: nameOf(3, 54),
  description,
  tags: z.array(z.string()).default([]),
  type: z.enum(addonTypes),
  version: z
    .string()
    .min(1)
    .max(20)
    .default('latest')
    .describe('exact, `latest`, or for instance `18-latest`'),
  billing: z
    .strictObject({
      deploymentPlan: z.enum(planNames).optional().describe('limits of CPU and memory, on Docker'),
      storage: z.int().min(256).optional().describe('MB; it only grows'),
      storageClass: z.string().optional(),
      replicas: z.int().min(1).max(1).optional().describe('one: this engine has no replicas here'),
    })
    .default({}),
  tlsEnabled: z.boolean().default(false).describe('encrypted connections only; needs a Docker Engine'),
  externalAccessEnabled: z.literal(false).default(false),
  ipPolicies: z.array(z.unknown()).max(0).default([]),
  pitrEnabled: z.literal(false).optional(),
  typeSpecificSettings: z.strictObject({ postgresqlWalLevel: z.literal('replica').optional() }).default({}),
  customCredentials: z
    .strictObject({
      dbName: z
        .string()
        .regex(/^[a-z_][a-z0-9_]{0,62}$/)
        .optional(),
    })
    .optional(),
  backupSchedules: z.array(backupSchedule).default([]),
  source: z
    .strictObject({ addonId: z.string(), backupId: z.string() })
    .optional()
    .describe('fork: start from a backup of another addon of this project'),
})
export type AddonBody = z.infer<typeof addonBody>
export type AddonSpec = Omit<AddonBody, 'name' | 'description' | 'tags' | 'source' | 'backupSchedules'>

export const addonPatch = z.strictObject({
  description: z.string().max(200).optional(),
  tags: z.array(z.string()).optional(),
  billing: addonBody.shape.billing.unwrap().optional(),
  tlsEnabled: z.boolean().optional().describe('the addon restarts when it changes'),
  backupSchedules: z.array(backupSchedule).optional(),
})
export type AddonPatch = z.infer<typeof addonPatch>

export const addonScale = addonBody.shape.billing
  .unwrap()
  .pick({ deploymentPlan: true, storage: true, replicas: true })

export const backupRequest = z.strictObject({
  name: z.string().max(100).optional(),
  backupType: backupType.default('snapshot'),
  compressionType: compressionType.optional(),
  customDestinationId: z.string().optional(),
  additionalDestinations: z.array(additionalDestination).optional(),
})
