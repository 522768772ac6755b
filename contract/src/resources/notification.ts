import { z } from 'zod'
import { nameOf, resourceId } from '../names.ts'
import { notificationEvents } from '../notification-events.ts'

export const notificationTypes = ['RAW_WEBHOOK', 'SLACK', 'DISCORD', 'TEAMS', 'TEAMS_WORKFLOWS'] as const
export type NotificationType = (typeof notificationTypes)[number]

const webhook = z
  .url({ protocol: /^https?$/, hostname: /./ })
  .max(2000)
  .describe('where messages are sent; of a chat the address of its incoming webhook')

const secret = z
  .string()
  .max(1000)
  .describe('sent in the header X-Northflank-Notification-Integration-Token; raw webhooks only')

const tags = z.strictObject({
  enabled: z.boolean(),
  items: z.array(z.string().min(3).max(100)).max(100).default([]),
  matchCondition: z.enum(['and', 'or']).default('or'),
})

const restrictions = z.strictObject({ tags: tags.optional() })

/** `trigger:build:start` and so on, each on or off. What is not named is off. */
const events = z
  .strictObject(
    Object.fromEntries(notificationEvents.map((event) => [`trigger:${event}`, z.boolean().optional()])),
  )
  .describe('what is told')

const projects = z.array(resourceId).max(500)

/** Who is told what happens. The id is the name in small letters with dashes. */
export const notificationBody = z
  .strictObject({
    name: nameOf(3, 39),
    type: z.enum(notificationTypes),
    webhook,
    secret: secret.optional(),
    restricted: z.boolean().default(false).describe('only of the named projects'),
    projects: projects.default([]),
    restrictions: restrictions.optional(),
    events,
  })
  .superRefine(({ type, secret: said }, context) => {
    if (said === undefined || type === 'RAW_WEBHOOK') return
    context.addIssue({ code: 'custom', path: ['secret'], message: 'is for RAW_WEBHOOK only' })
  })
export type NotificationBody = z.output<typeof notificationBody>

/** Absent parts stay as they are. Any change switches one on again that was switched off for its failures. */
export const notificationPatch = z.strictObject({
  name: nameOf(3, 39).optional(),
  webhook: webhook.optional(),
  secret: secret.optional(),
  restricted: z.boolean().optional(),
  projects: projects.optional(),
  restrictions: restrictions.optional(),
  events: events.optional(),
})
export type NotificationPatch = z.output<typeof notificationPatch>

export type NotificationRestrictions = { tags: z.output<typeof tags> }

/** The address of a chat's webhook is a secret: only its beginning is shown. */
export const notificationView = z.object({
  id: z.string(),
  name: z.string(),
  type: z.enum(notificationTypes),
  webhook: z.string(),
  hasSecret: z.boolean(),
  restricted: z.boolean(),
  projects: z.array(z.string()),
  restrictions: z.object({ tags }),
  events: z.record(z.string(), z.boolean()),
  status: z.object({
    disabled: z.boolean(),
    reason: z.string().nullable(),
    timeOfFirstFailedRequest: z.string().nullable(),
    numberOfFailedRequests: z.number(),
  }),
  createdAt: z.string(),
  updatedAt: z.string(),
})

export const deliveryView = z.object({
  id: z.string(),
  event: z.string(),
  projectId: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
  status: z.enum(['pending', 'sent', 'failed']),
  attempts: z.number(),
  answer: z.object({ status: z.number(), text: z.string() }).nullable(),
  error: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
  sentAt: z.string().nullable(),
})
