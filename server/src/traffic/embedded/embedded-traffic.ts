/**
 * `Traffic` by the embedded gateway. The gateway is adopted when it runs, started when it does not, and started again
 * when it died: it then serves its routes from disk, so nothing has to be applied again.
 */
import { FairwayError } from '@fairway/contract/errors'
import type { ServiceRoutes } from '@fairway/contract/gateway'
import type { ServiceReport, Traffic } from '../../reconcile/traffic-port.ts'
import { createControlClient, type GatewayHealth } from './control-client.ts'
import {
  defaultGatewayEntry,
  type GatewaySettings,
  installedVersion,
  startGatewayProcess,
  stopEmbeddedGateway,
  succeedGateway,
} from './gateway-process.ts'

export type EmbeddedTrafficDeps = {
  settings: GatewaySettings
  log: {
    info(fields: object, message: string): void
    error(fields: object, message: string): void
  }
  /** How often a running gateway is looked at. */
  watchEveryMs?: number
}

/** Resolves once the gateway serves. `close` leaves it running: see `stopEmbeddedGateway`. */
export async function startEmbeddedTraffic({
  settings,
  log,
  watchEveryMs = 1_000,
}: EmbeddedTrafficDeps): Promise<Traffic> {
  const client = createControlClient(settings.controlSocket)
  let starting: Promise<GatewayHealth> | undefined
  let closed = false

  const ensureRunning = (): Promise<GatewayHealth> => {
    starting ??= adoptOrStart(settings, log).finally(() => {
      starting = undefined
    })
    return starting
  }
  let health = await ensureRunning()

  const watch = setInterval(() => {
    if (starting !== undefined) return
    ensureRunning().then(
      (found) => {
        health = found
      },
      (error: unknown) => log.error({ err: error }, 'the gateway is down and could not be started'),
    )
  }, watchEveryMs)
  watch.unref()

  /** A gateway that just died is started, and asked once more: every call may be repeated. */
  const call: typeof client.call = async (method, path, body) => {
    if (closed) throw new FairwayError('traffic_failed', 'The traffic layer is closed.')
    try {
      return await client.call(method, path, body)
    } catch (error) {
      if (!(error instanceof FairwayError) || error.code !== 'traffic_failed') throw error
      health = await ensureRunning()
      return await client.call(method, path, body)
    }
  }

  return {
    apply: async (routes: ServiceRoutes) => {
      await call('PUT', `/services/${routes.key}`, routes)
    },
    remove: async (key) => {
      await call('DELETE', `/services/${key}`)
    },
    report: async (key) =>
      (await call('GET', `/services/${key}`).catch(undefinedWhenMissing)) as ServiceReport | undefined,
    list: async () => (await call('GET', '/services')) as { key: string; generation: number }[],
    publicUrl: () => publicUrl(health),
    measures: MEASURES,
    close: async () => {
      closed = true
      clearInterval(watch)
      await starting
    },
  }
}

const MEASURES = {
  by: 'embedded gateway',
  remarks: ['Latency is the time from the arrival of a request to the head of its answer, right to 15 %.'],
} as const

/** One of another version hands over; one on another address is ended first, which lets its requests finish. */
async function adoptOrStart(
  settings: GatewaySettings,
  log: EmbeddedTrafficDeps['log'],
): Promise<GatewayHealth> {
  const found = await createControlClient(settings.controlSocket).health()
  if (found !== undefined && isOfVersion(found, settings) && listensAt(found, settings)) return found
  const started = (found && (await replace(found, settings, log))) ?? (await startGatewayProcess(settings))
  log.info({ pid: started.pid, url: publicUrl(started) }, 'gateway started')
  for (const { file, reason } of started.damaged)
    log.error({ file, reason }, 'a route file is damaged and not served')
  return started
}

async function replace(
  found: GatewayHealth,
  settings: GatewaySettings,
  log: EmbeddedTrafficDeps['log'],
): Promise<GatewayHealth | undefined> {
  log.info({ found: found.version, pid: found.pid }, 'replacing a gateway of another version or address')
  const successor = listensAt(found, settings) ? await succeedGateway(found, settings) : undefined
  if (successor === undefined) await stopEmbeddedGateway(settings.controlSocket)
  return successor
}

const isOfVersion = (found: GatewayHealth, { entry = defaultGatewayEntry() }: GatewaySettings): boolean =>
  found.version === installedVersion(entry)

const listensAt = (found: GatewayHealth, { listen }: GatewaySettings): boolean =>
  found.listenHost === listen.host && (listen.port === 0 || found.listenPort === listen.port)

function publicUrl({ listenHost, listenPort }: GatewayHealth): string {
  const everywhere = listenHost === '0.0.0.0' || listenHost === '::'
  const host = everywhere ? '127.0.0.1' : listenHost.includes(':') ? `[${listenHost}]` : listenHost
  return `http://${host}:${listenPort}`
}

function undefinedWhenMissing(error: unknown): undefined {
  if (error instanceof FairwayError && error.code === 'not_found') return undefined
  throw error
}
