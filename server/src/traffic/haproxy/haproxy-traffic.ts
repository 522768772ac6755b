/**
 * `Traffic` by HAProxy. A running one is adopted, a dead one started again: its configuration on disk names the
 * instances of the last acknowledged change, so nothing has to be applied again.
 */
import { mkdir } from 'node:fs/promises'
import { FairwayError } from '@fairway/contract/errors'
import type { ServiceRoutes } from '@fairway/contract/gateway'
import { type Clock, systemClock } from '../../lib/clock.ts'
import type { ServiceReport, TlsSettings, Traffic } from '../../reconcile/traffic-port.ts'
import { readCertificate, removeOtherCertificates, writeCertificates } from './certificates.ts'
import { lookAfterDrains, pidsOf } from './drains.ts'
import { figuresOf } from './figures.ts'
import { Gateway, type GatewayLog } from './gateway.ts'
import { openDrains, withoutService, withRoutes } from './gateway-state.ts'
import { readProgram } from './haproxy-process.ts'
import { neededOf, planInstances } from './instance-plan.ts'
import { createMasterSocket, type MasterSocket } from './master-socket.ts'
import { reportOf } from './report.ts'
import { openRequestLog, type RequestLog } from './request-log.ts'
import { filesOf, type HaproxyFiles, type HaproxySettings } from './settings.ts'
import { readState } from './state-file.ts'
import { withAddresses, withListenPorts } from './targets.ts'
import { countSessions } from './worker-view.ts'

export type HaproxyTrafficDeps = {
  settings: HaproxySettings
  log: GatewayLog
  clock?: Clock
  /** How often HAProxy is looked at while nobody drains. */
  watchEveryMs?: number
}

type World = {
  gateway: Gateway
  socket: MasterSocket
  requests: RequestLog
  files: HaproxyFiles
  settings: HaproxySettings
  clock: Clock
}

/** Resolves once HAProxy serves. `close` leaves it running: see `stopHaproxy`. */
export async function startHaproxyTraffic({
  settings,
  log,
  clock = systemClock,
  watchEveryMs = 1_000,
}: HaproxyTrafficDeps): Promise<Traffic> {
  const files = filesOf(settings)
  await mkdir(settings.stateFolder, { recursive: true, mode: 0o700 })
  const { version, metrics } = await readProgram(settings.program)
  const socket = createMasterSocket(files.masterSocket)
  const state = await readState(files.state)
  const requests = await openRequestLog({ files, keepOld: settings.accessLog !== false })
  const beforeStart = () => requests.renew()
  const gateway = new Gateway({ settings, files, socket, metrics, log, beforeStart }, state)
  const world = { gateway, socket, requests, files, settings, clock }
  await gateway
    .inTurn(() => gateway.bring())
    .catch(async (error: unknown) => {
      await requests.close()
      throw error
    })
  log.info({ version, url: publicUrl(settings) }, 'HAProxy serves')
  const watch = startWatch(world, log, watchEveryMs)
  let closed = false
  const whileOpen = <T>(work: () => Promise<T>): Promise<T> =>
    closed ? Promise.reject(new FairwayError('traffic_failed', 'The traffic layer is closed.')) : work()
  return {
    apply: (routes) => whileOpen(() => apply(world, routes)),
    remove: (key) =>
      whileOpen(async () => {
        if (gateway.state.services[key] === undefined) return
        await gateway.change((state) => withoutService(state, key, clock.now().getTime()))
      }),
    // In turn: a reload under way would break its questions off.
    report: (key) => whileOpen(() => gateway.inTurn(() => report(world, key))),
    list: () =>
      whileOpen(async () =>
        Object.values(gateway.state.services).map(({ routes: { key, generation } }) => ({ key, generation })),
      ),
    publicUrl: () => publicUrl(settings),
    ...(settings.httpsPort !== undefined && {
      tls: { apply: (tls: TlsSettings) => whileOpen(() => applyTls(world, tls)) },
    }),
    serves: { tcp: settings.tcpPorts !== undefined, http2Instances: true },
    measures: MEASURES,
    close: async () => {
      if (closed) return
      closed = true
      await watch.stop()
      await gateway.inTurn(() => requests.close())
    },
  }
}

const MEASURES = {
  by: 'HAProxy',
  remarks: [
    'Requests are counted when they end: a long answer or a WebSocket shows up late.',
    'Latency is the time from the arrival of a request to the head of its answer, right to 15 %.',
    'HAProxy may leave out a few in a thousand requests on a crowded machine.',
  ],
} as const

async function apply({ gateway, settings, clock }: World, routes: ServiceRoutes): Promise<void> {
  const resolved = await withAddresses(routes)
  await gateway.change(async (state) =>
    withRoutes(state, await withListenPorts(state, resolved, settings), clock.now().getTime()),
  )
}

async function applyTls(
  { gateway, files }: World,
  { certificates, challenge, redirectHosts }: TlsSettings,
): Promise<void> {
  const held = certificates.map(readCertificate)
  await gateway.change(async (state) => {
    await writeCertificates(files, certificates)
    return {
      ...state,
      certificates: held,
      challenge: challenge ?? null,
      redirectHosts: [...(redirectHosts ?? [])],
    }
  })
  await gateway.inTurn(() => removeOtherCertificates(files, gateway.state))
}

async function report({ gateway, socket, requests }: World, key: string): Promise<ServiceReport | undefined> {
  const held = gateway.state.services[key]
  if (held === undefined) return undefined
  const running = await socket.processes()
  const sessions = running === undefined ? [] : await countSessions(socket, pidsOf(running))
  await requests.catchUp()
  return reportOf(held, { figures: figuresOf(requests.figures, key), running, sessions })
}

const DRAIN_LOOK_MS = 100
/** Whether a worker still serves what it was told is looked at less often than whether it lives. */
const TIDY_PERIODS = 5

function startWatch(world: World, log: GatewayLog, everyMs: number): { stop(): Promise<void> } {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> = Promise.resolve()
  let nextKeep = 0
  let nextTidy = 0
  const look = async (): Promise<void> => {
    const now = performance.now()
    const due = { keep: now >= nextKeep, tidy: now >= nextTidy }
    if (due.keep) nextKeep = now + everyMs
    if (due.tidy) nextTidy = now + TIDY_PERIODS * everyMs
    await world.gateway
      .inTurn(() => lookAfter(world, due))
      .catch((error: unknown) => log.error({ err: error }, 'HAProxy could not be looked after'))
    if (!stopped) plan()
  }
  const plan = (): void => {
    const wait = openDrains(world.gateway.state).length > 0 ? Math.min(DRAIN_LOOK_MS, everyMs) : everyMs
    timer = setTimeout(() => {
      looking = look()
    }, wait)
    timer.unref()
  }
  plan()
  return {
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await looking
    },
  }
}

type Due = { keep: boolean; tidy: boolean }

async function lookAfter({ gateway, socket, requests, clock }: World, due: Due): Promise<void> {
  if ((await socket.processes()) === undefined) await gateway.bring()
  await lookAfterDrains({ gateway, socket, requests, now: clock.now().getTime() })
  if (due.keep) await requests.keep()
  if (due.tidy) await removeLeftServers(gateway, socket)
}

/** Servers that nobody names and nothing uses any more. HAProxy keeps one while it has idle connections. */
async function removeLeftServers(gateway: Gateway, socket: MasterSocket): Promise<void> {
  const seen = await gateway.current()
  const wanted = gateway.rendered()
  if (seen === undefined || seen.structure !== wanted.structure) return await gateway.bring()
  const plan = planInstances(wanted.backends, seen)
  const { unnamed } = plan
  if (neededOf(plan).length > 0) return await gateway.bring()
  if (unnamed.length === 0) return
  const busy = new Set(
    (await countSessions(socket, [seen.pid])).map(({ backend, name }) => `${backend}/${name}`),
  )
  const names = unnamed.map(({ backend, name }) => `${backend}/${name}`).filter((name) => !busy.has(name))
  await socket.ask(
    seen.pid,
    names.flatMap((name) => [`set server ${name} state maint`, `del server ${name}`]),
  )
}

function publicUrl({ listen: { host, port } }: HaproxySettings): string {
  const everywhere = host === '0.0.0.0' || host === '::'
  return `http://${everywhere ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host}:${port}`
}
