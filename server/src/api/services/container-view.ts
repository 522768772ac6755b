import type { containerView } from '@fairway/contract/routes/service-actions'
import type { z } from 'zod'
import type { ContainerRow } from '../../db/containers.ts'

const STATUS = {
  created: 'TASK_STAGING',
  starting: 'TASK_STARTING',
  running: 'TASK_RUNNING',
  crashed: 'TASK_FAILED',
  draining: 'TASK_KILLING',
  stopping: 'TASK_KILLING',
  gone: 'TASK_KILLED',
} as const

const seconds = (date: Date): number => Math.floor(date.getTime() / 1000)

/** An instance as Northflank shows a container, with what else was observed of it. */
export function containerViewOf(row: ContainerRow): z.input<typeof containerView> {
  const addresses = Object.values(row.addresses)
  const host = addresses[0]?.host
  return {
    name: row.id,
    status: STATUS[row.state as keyof typeof STATUS],
    createdAt: seconds(row.created_at),
    updatedAt: seconds(row.ended_at ?? row.ready_at ?? row.started_at ?? row.created_at),
    ...(host !== undefined && { host, ipAddresses: [...new Set(addresses.map((address) => address.host))] }),
    ready: row.ready,
    routed: row.routed,
    draining: row.state === 'draining',
    state: row.state,
    restarts: row.restarts,
    crashLooping: row.crash_looping,
    revision: row.revision_id,
    addresses: row.addresses,
    ...(row.last_exit !== null && { lastExit: row.last_exit }),
    healthChecks: row.probes,
  }
}
