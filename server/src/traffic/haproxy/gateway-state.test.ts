import type { GatewayBackend, ServiceRoutes } from '@fairway/contract/gateway'
import { describe, expect, test } from 'vitest'
import { emptyState, openDrains, serverName, withEnded, withoutService, withRoutes } from './gateway-state.ts'
import { neededOf, planInstances } from './instance-plan.ts'
import { linesOf, parseProcesses } from './master-socket.ts'
import { routeMap } from './route-map.ts'

const backend = (id: string, state: GatewayBackend['state'] = 'active'): GatewayBackend => ({
  id,
  host: '127.0.0.1',
  port: 80,
  state,
})
const routes = (generation: number, ...backends: GatewayBackend[]): ServiceRoutes => ({
  key: 'p/web',
  generation,
  routes: [{ hosts: ['web.test'], pathPrefix: '/', backends }],
  drainBudgetMs: 100,
  requestTimeoutMs: 0,
})
const nameOf = (id: string) => serverName(backend(id))

describe('drains', () => {
  test('an instance drains from when it is drained or no longer named, and its budget starts once', () => {
    let state = withRoutes(emptyState(), routes(1, backend('a'), backend('b')), 1000)
    expect(openDrains(state)).toEqual([])
    state = withRoutes(state, routes(2, backend('a', 'draining')), 2000)
    const began = openDrains(state)
    expect(began.map(({ name }) => name)).toEqual([nameOf('a'), nameOf('b')])
    expect(Math.min(...began.map(({ drain }) => drain.until))).toBeGreaterThanOrEqual(2100)
    state = withRoutes(state, routes(3, backend('a', 'draining')), 2050)
    expect(openDrains(state)).toEqual(began)
  })

  test('one that takes traffic again drains no more', () => {
    const draining = withRoutes(emptyState(), routes(1, backend('a', 'draining')), 0)
    expect(openDrains(withRoutes(draining, routes(2, backend('a')), 50))).toEqual([])
  })

  test('one that ended stays in the reports until the generation after, one of a removed service is forgotten', () => {
    let state = withRoutes(emptyState(), routes(1, backend('a'), backend('b')), 0)
    state = withRoutes(state, routes(2, backend('b')), 0)
    state = withEnded(state, 'p/web', nameOf('a'))
    expect(Object.keys(state.services['p/web']?.drains ?? {})).toEqual([nameOf('a')])
    expect(withRoutes(state, routes(3, backend('b')), 0).services['p/web']?.drains).toEqual({})

    const removed = withoutService(state, 'p/web', 0)
    expect(openDrains(removed).map(({ name }) => name)).toEqual([nameOf('b')])
    expect(withEnded(removed, 'p/web', nameOf('b')).removed).toEqual({})
  })

  test('a name that could end a line of the configuration is refused', () => {
    const evil = { ...routes(1), routes: [{ hosts: ['a.test\n x'], pathPrefix: '/', backends: [] }] }
    expect(() => withRoutes(emptyState(), evil, 0)).toThrow('not a host name')
    const path = { ...routes(1), routes: [{ hosts: ['a.test'], pathPrefix: '/a b', backends: [] }] }
    expect(() => withRoutes(emptyState(), path, 0)).toThrow('path prefix')
  })
})

describe('what HAProxy is told', () => {
  const server = (id: string, draining = false) => ({
    name: id,
    address: `127.0.0.1:1`,
    draining,
    options: '',
  })
  const seen = (servers: { backend: string; name: string; ready: boolean }[]) => ({
    pid: 1,
    structure: 's',
    backends: new Set(['b']),
    servers,
  })

  test('new instances come before old ones leave, and nobody is told what is so already', () => {
    const wanted = [{ name: 'b', lines: [], servers: [server('new'), server('old', true), server('same')] }]
    const plan = planInstances(
      wanted,
      seen([
        { backend: 'b', name: 'old', ready: true },
        { backend: 'b', name: 'same', ready: true },
        { backend: 'b', name: 'unnamed', ready: true },
      ]),
    )
    expect(neededOf(plan)).toEqual([
      'add server b/new 127.0.0.1:1',
      'set server b/new state ready',
      'set server b/old state drain',
      'set server b/unnamed state drain',
    ])
  })

  test('a backend that the worker does not have needs a reload, not an order', () => {
    expect(neededOf(planInstances([{ name: 'c', lines: [], servers: [server('x')] }], seen([])))).toEqual([])
  })

  test('orders share a line until it is full; one with a payload goes alone', () => {
    expect(linesOf(['a', 'b', 'c <<\npem\n', 'd'])).toEqual([['a', 'b'], ['c <<\npem\n'], ['d']])
    expect(linesOf(Array.from({ length: 200 }, () => 'x'.repeat(100))).length).toBeGreaterThan(2)
  })

  test('of two services with the same host and path the first by key serves', () => {
    const other = { ...routes(1), key: 'a/first' }
    const state = withRoutes(withRoutes(emptyState(), routes(1), 0), other, 0)
    expect(routeMap(state)).toEqual(['web.test/ a:first:0'])
  })

  test('the list of processes is read: master, its worker, and old ones', () => {
    const text = `#<PID> <type> <reloads> <uptime> <version>
22017           master          1 [failed: 2]   0d00h00m25s     2.6.12
# workers
22141           worker          0               1d01h01m01s     2.6.12
# old workers
22026           worker          1               0d00h00m25s     2.6.12
# programs
`
    expect(parseProcesses(text)).toEqual({
      master: 22017,
      current: { pid: 22141, uptimeMs: 90_061_000 },
      old: [22026],
      failedReloads: 2,
    })
  })
})
