import { expect, test } from 'vitest'
import { buildRouteTable, findRoute } from './route-table.ts'

const table = buildRouteTable([
  { hosts: ['shop.test', 'www.shop.test'], pathPrefix: '/', target: 'shop' },
  { hosts: ['shop.test'], pathPrefix: '/api', target: 'api' },
  { hosts: ['shop.test'], pathPrefix: '/api/v2', target: 'v2' },
  { hosts: ['Only.test'], pathPrefix: '/only', target: 'only' },
  { hosts: ['*'], pathPrefix: '/', target: 'any' },
])

test.each([
  ['shop.test', '/', 'shop'],
  ['www.shop.test', '/api', 'shop'],
  ['shop.test', '/api', 'api'],
  ['shop.test', '/api/', 'api'],
  ['shop.test', '/api/v1', 'api'],
  ['shop.test', '/api/v2', 'v2'],
  ['shop.test', '/api/v2/x', 'v2'],
  ['shop.test', '/api/v22', 'api'],
  ['shop.test', '/apix', 'shop'],
  ['only.test', '/only', 'only'],
  ['only.test', '/else', 'any'],
  ['other.test', '/api', 'any'],
])('the exact host and the longest prefix on a segment boundary serve %s%s', (host, path, served) => {
  expect(findRoute(table, host, path)).toBe(served)
})

test('a host without any route that fits is served by nobody', () => {
  expect(
    findRoute(buildRouteTable([{ hosts: ['a.test'], pathPrefix: '/a', target: 1 }]), 'a.test', '/b'),
  ).toBe(undefined)
})
