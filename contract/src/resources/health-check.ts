import { z } from 'zod'

export const probeTypes = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const

/** One probe. Sub-second periods and a delay of 0 are ours; everything else is as Northflank has it. */
export const healthCheck = z
  .strictObject({
    type: z.enum(probeTypes),
    protocol: z.enum(['HTTP', 'TCP', 'CMD']),
    path: z.string().max(1000).startsWith('/', 'must start with /').optional().describe('HTTP only'),
    port: z.int().min(1).max(65535).optional().describe('HTTP and TCP; need not be a configured port'),
    cmd: z.string().min(1).max(4000).optional().describe('CMD only; not run by a shell'),
    initialDelaySeconds: z.number().min(0).max(180).default(0),
    periodSeconds: z.number().min(0.1).max(600).default(10),
    timeoutSeconds: z.number().min(0.1).max(60).default(1),
    failureThreshold: z.int().min(1).max(255).default(3),
    successThreshold: z.int().min(1).max(255).default(1),
  })
  .superRefine((check, context) => {
    const needed = { HTTP: ['path', 'port'], TCP: ['port'], CMD: ['cmd'] } as const
    for (const field of needed[check.protocol]) {
      if (check[field] !== undefined) continue
      context.addIssue({ code: 'custom', path: [field], message: `is required for ${check.protocol}` })
    }
  })
export type HealthCheck = z.output<typeof healthCheck>

/** At most one probe of each type. */
export const healthChecks = z.array(healthCheck).superRefine((checks, context) => {
  for (const [index, { type }] of checks.entries()) {
    if (checks.findIndex((other) => other.type === type) === index) continue
    context.addIssue({ code: 'custom', path: [index, 'type'], message: `there is a ${type} already` })
  }
})
