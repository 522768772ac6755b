import type { LoadOptions } from '../load/load-clients.ts'

export const INSTANCES = 3

/** New connections, kept ones, HTTP/2 and WebSockets. An instance that ends closes its sockets as it likes. */
export const dockerLoad = (url: string, host?: string, http2Clients = 4): LoadOptions => ({
  url,
  ...(host !== undefined && { host }),
  path: '/',
  newConnectionsPerSecond: 50,
  keepAliveClients: 4,
  http2Clients,
  webSockets: { path: '/socket', count: 20 },
  moveCodes: [1000, 1001, 1005, 1006, 1012],
})
