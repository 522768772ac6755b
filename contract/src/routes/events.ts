import { z } from 'zod'
import { route } from '../route.ts'

export const eventTopics = [
  'run',
  'build',
  'service',
  'instance',
  'job-run',
  'addon',
  'backup',
  'volume',
  'certificate',
  'trigger',
  'audit',
] as const

/** Something that happened, as it was recorded with the change itself. */
export const eventView = z.object({
  id: z.number(),
  at: z.string(),
  projectId: z.string().nullable(),
  topic: z.string(),
  subject: z.string(),
  type: z.string(),
  actor: z.string().nullable(),
  data: z.unknown(),
})

export const streamEvents = route({
  id: 'streamEvents',
  method: 'GET',
  path: '/events',
  summary: 'Follow events live, from after `after` (or the header Last-Event-ID) or from now on',
  tag: 'Events',
  permission: 'read',
  query: z.object({
    topic: z.enum(eventTopics).optional(),
    subject: z.string().max(300).optional().describe('id of what it is about, `projectId/resourceId`'),
    projectId: z.string().max(100).optional(),
    after: z
      .string()
      .regex(/^(\d{1,19}-)?\d{1,15}$/, 'must be the id of an event, as its stream sent it')
      .optional()
      .describe('`id` of the last event seen; 0: everything kept; absent: from now on'),
  }),
  reply: eventView,
  stream: true,
})
