import { readFile } from 'node:fs/promises'
import { FairwayError } from '@fairway/contract/errors'
import { serviceRoutes } from '@fairway/contract/gateway'
import { z } from 'zod'
import { hasCode } from '../../lib/has-code.ts'
import { writeBeside } from '../../lib/write-beside.ts'
import { emptyState, type GatewayState } from './gateway-state.ts'

const drains = z.record(z.string(), z.object({ id: z.string(), until: z.number(), ended: z.boolean() }))

const saved: z.ZodType<GatewayState> = z.object({
  services: z.record(z.string(), z.object({ routes: serviceRoutes, drains })),
  removed: z.record(z.string(), drains),
  certificates: z.array(z.object({ name: z.string(), hosts: z.array(z.string()), fingerprint: z.string() })),
  challenge: z.object({ host: z.string(), port: z.int() }).nullable(),
  redirectHosts: z.array(z.string()),
})

/** The state as it was acknowledged last; `traffic_failed` when the file is damaged. */
export async function readState(path: string): Promise<GatewayState> {
  try {
    return saved.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return emptyState()
    const detail = cause instanceof Error ? cause.message : String(cause)
    const sentence =
      'state.json of the gateway is damaged; move it away, and Fairway applies all routes again.'
    throw new FairwayError('traffic_failed', sentence, { detail, cause })
  }
}

export const writeState = (path: string, state: GatewayState): Promise<void> =>
  writeBeside(path, JSON.stringify(state))
