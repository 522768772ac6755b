/** The control protocol: what each method and path does. */
import { FairwayError, notFound } from '@fairway/contract/errors'
import type { SuccessorCommand } from '@fairway/contract/gateway'
import type { ControlAnswer, ControlHandler, ControlRequest } from './control-server.ts'
import type { HeldRoutes } from './held-routes.ts'
import { mergeReports } from './merge-reports.ts'
import { renderMetrics } from './metrics.ts'
import { readSuccessor } from './succession.ts'
import type { WorkerPool } from './worker-pool.ts'

export type ControlDeps = {
  held: HeldRoutes
  workers: WorkerPool
  identity: { version: string; listenHost: string; listenPort: number }
  /** Starts the end of this gateway; answers at once. */
  shutDown: () => void
  /** Starts the successor; answers at once. */
  handOver: (successor: SuccessorCommand) => void
}

const SERVICE_PATH = /^\/services\/([a-z0-9-]+\/[a-z0-9-]+)$/

export function controlRoutes(deps: ControlDeps): ControlHandler {
  return (asked) => {
    const key = SERVICE_PATH.exec(asked.path)?.[1]
    return key === undefined ? answerGeneral(deps, asked) : answerService(deps, asked, key)
  }
}

async function answerGeneral(
  deps: ControlDeps,
  { method, path, body }: ControlRequest,
): Promise<ControlAnswer> {
  switch (`${method} ${path}`) {
    case 'GET /health':
      return { status: 200, json: health(deps) }
    case 'GET /services':
      return { status: 200, json: deps.held.all().map(({ key, generation }) => ({ key, generation })) }
    case 'GET /metrics':
      return { status: 200, text: renderMetrics(mergeReports(await deps.workers.report())) }
    case 'POST /shutdown':
      deps.shutDown()
      return { status: 202 }
    case 'POST /hand-over':
      deps.handOver(readSuccessor(await body()))
      return { status: 202 }
    default:
      throw notFound('control path', `${method} ${path}`)
  }
}

function health({ held, workers, identity }: ControlDeps): Record<string, unknown> {
  return {
    ...identity,
    pid: process.pid,
    workers: workers.size,
    services: held.all().length,
    damaged: held.damaged,
  }
}

async function answerService(
  { held, workers }: ControlDeps,
  { method, body }: ControlRequest,
  key: string,
): Promise<ControlAnswer> {
  switch (method) {
    case 'PUT': {
      const { generation } = await held.apply(key, await body(), workers)
      return { status: 200, json: { key, generation } }
    }
    case 'DELETE':
      await held.remove(key, workers)
      return { status: 200 }
    case 'GET': {
      const report = mergeReports(await workers.report()).find((service) => service.key === key)
      if (report === undefined) throw notFound('service', key)
      return { status: 200, json: report }
    }
    default:
      throw new FairwayError('not_supported', 'Use GET, PUT or DELETE on a service.')
  }
}
