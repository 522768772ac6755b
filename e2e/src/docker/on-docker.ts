/** For tests: a Fairway that releases on the Docker Engine of this machine, behind HAProxy. Under CI both must be there. */
import { dockerHere } from '@fairway/server/lib/docker/test-engine'
import { haproxyHere } from '@fairway/server/traffic/haproxy/test-haproxy'
import type { Json, Rest } from '../fairway/rest.ts'
import type { TinyRepository } from '../fairway/tiny-repository.ts'
import { buildTiny, deploymentIs, deployTiny, setUpTiny, TINY } from '../fairway/tiny-setup.ts'
import { waitFor } from '../fairway/wait-for.ts'
import type { LoadOptions } from '../load/load-clients.ts'
import { PATIENCE } from './patience.ts'

export const dockerAndHaproxyHere = dockerHere && haproxyHere

export const onDocker = {
  FAIRWAY_RUNTIME: 'docker',
  FAIRWAY_GATEWAY: 'haproxy',
  FAIRWAY_GATEWAY_HTTPS_PORT: '0',
} as const

export const HOST = 'web--tiny.localhost'

/** Every kind of client. A container that is replaced ends its WebSockets as its program likes. */
export const loadOn = (url: string): LoadOptions => ({
  url,
  host: HOST,
  path: '/',
  newConnectionsPerSecond: 30,
  keepAliveClients: 3,
  pauseMs: 20,
  http2Clients: 2,
  webSockets: { path: '/socket', count: 10 },
  moveCodes: [1000, 1001, 1005, 1006, 1012],
})

export type Service = NonNullable<Parameters<typeof setUpTiny>[2]>

/** Two built versions of the tiny service; the first is deployed and serves. */
export async function serveTiny(
  call: Rest,
  repository: TinyRepository,
  service: Service = {},
): Promise<{ first: Json; second: Json }> {
  await setUpTiny(call, repository.url, {
    ...{ instances: 3, drainSeconds: 1, progressDeadlineSeconds: 120, minReadySeconds: 0 },
    ...service,
  })
  const first = await buildTiny(call, repository.commit('one', 'good'))
  const second = await buildTiny(call, repository.commit('two', 'good'))
  await rollOut(call, first)
  return { first, second }
}

/** Deploys a build and waits until the service runs it and nothing else. */
export async function rollOut(call: Rest, build: Json): Promise<void> {
  await deployTiny(call, build.id)
  await isServed(call, build)
}

export async function isServed(call: Rest, build: Json): Promise<Json> {
  return waitFor(
    `${build.sha} to be served`,
    async () => {
      const service = await deploymentIs(call, 'COMPLETED', PATIENCE.deadlineMs)
      const { internal } = service.deployment as { internal?: Json }
      return internal?.deployedSHA === build.sha && service
    },
    PATIENCE,
  )
}

export async function containersOf(call: Rest): Promise<Json[]> {
  const { containers } = await call('GET', `/projects/${TINY}/services/web/containers`)
  return containers as Json[]
}

/** Waits until so many instances of the service run, are ready, and no other is left. */
export const settlesAt = (call: Rest, count: number): Promise<Json[]> =>
  waitFor(
    `${count} ready instances and no other`,
    async () => {
      const now = (await containersOf(call)).filter(({ status }) => status === 'TASK_RUNNING')
      return now.length === count && now.every(({ ready }) => ready === true) && now
    },
    PATIENCE,
  )
