import { z } from 'zod'

const hostName = z
  .string()
  .max(253)
  .regex(
    /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'must be a lower-case host name',
  )

/** The fields alone, for building other shapes of them. */
export const portFields = z.strictObject({
  id: z.string().optional().describe('answered; ignored on input'),
  name: z
    .string()
    .min(1)
    .max(20)
    .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'must be lower-case letters, digits and dashes'),
  internalPort: z.int().min(1).max(65535),
  protocol: z.enum(['HTTP', 'HTTP/2', 'TCP', 'UDP']).default('HTTP'),
  public: z.boolean().default(false),
  domains: z.array(hostName).max(50).default([]),
  pathPrefix: z
    .string()
    .max(200)
    .regex(/^\/$|^(\/[A-Za-z0-9._~-]+)+$/, 'must be / or a path without trailing slash')
    .default('/')
    .describe('the part of the domains this port serves'),
  security: z
    .strictObject({
      policies: z.array(z.unknown()).max(0, 'are not available here: leave the list empty').optional(),
      credentials: z.array(z.unknown()).max(0, 'are not available here: leave the list empty').optional(),
    })
    .optional()
    .describe('accepted while its lists are empty'),
  disableNfDomain: z.boolean().default(false).describe('no generated host name'),
})

/** A port that instances listen on. The first one is `$PORT` in the process runtime. */
export const port = portFields.superRefine((value, context) => {
  if (!value.public || value.protocol !== 'UDP') {
    if (value.protocol === 'TCP' && value.domains.length > 0)
      context.addIssue({ code: 'custom', path: ['domains'], message: 'are not possible for TCP' })
    return
  }
  context.addIssue({ code: 'custom', path: ['public'], message: `is not possible for ${value.protocol}` })
})
export type Port = z.output<typeof port>

/** Names and numbers are unique within a service. */
export const ports = z
  .array(port)
  .max(50)
  .superRefine((all, context) => {
    for (const [index, one] of all.entries()) {
      const before = all.slice(0, index)
      if (before.some((other) => other.name === one.name)) {
        context.addIssue({ code: 'custom', path: [index, 'name'], message: `"${one.name}" is used twice` })
      }
      if (before.some((other) => other.internalPort === one.internalPort)) {
        context.addIssue({ code: 'custom', path: [index, 'internalPort'], message: 'is used twice' })
      }
    }
  })
