/** For tests: gateways and instances that are put away after each test. */
import type { GatewayBackend, ServiceRoutes } from '@fairway/contract/gateway'
import { startInstance } from '../test-instance.ts'
import { startHaproxyTraffic } from './haproxy-traffic.ts'
import { createMasterSocket, type Processes } from './master-socket.ts'
import { filesOf, type HaproxySettings } from './settings.ts'
import { newHaproxy } from './test-haproxy.ts'

const log = { info: () => undefined, error: () => undefined }

export function createWorld() {
  const cleanUps: (() => Promise<unknown> | undefined)[] = []
  const world = {
    later: (cleanUp: () => Promise<unknown> | undefined): void => void cleanUps.push(cleanUp),
    end: async () => {
      for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
    },
    haproxy: async (more: Partial<HaproxySettings> = {}): Promise<HaproxySettings> => {
      const { settings, cleanUp } = await newHaproxy(more)
      cleanUps.push(cleanUp)
      return settings
    },
    adopt: async (settings: HaproxySettings) => {
      const traffic = await startHaproxyTraffic({ settings, log })
      cleanUps.push(() => traffic.close())
      return traffic
    },
    start: async (more: Partial<HaproxySettings> = {}) => {
      const settings = await world.haproxy(more)
      const traffic = await world.adopt(settings)
      return { traffic, settings, worker: async () => (await processesOf(settings))?.current?.pid }
    },
    instance: async (...args: Parameters<typeof startInstance>) => {
      const started = await startInstance(...args)
      cleanUps.push(() => started.stop())
      return started
    },
  }
  return world
}

export const processesOf = (settings: HaproxySettings): Promise<Processes | undefined> =>
  createMasterSocket(filesOf(settings).masterSocket).processes()

export const routes = (
  name: string,
  generation: number,
  backends: GatewayBackend[],
  more: Partial<ServiceRoutes> = {},
): ServiceRoutes => ({
  key: `p/${name}`,
  generation,
  routes: [{ hosts: [`${name}.test`], pathPrefix: '/', backends }],
  drainBudgetMs: 5_000,
  requestTimeoutMs: 0,
  ...more,
})
