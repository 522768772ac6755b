import { join } from 'node:path'

export type HaproxySettings = {
  /** The HAProxy program: a path, or a name that the system finds. 2.4 or newer. */
  program: string
  /** Where the public connects. */
  listen: { host: string; port: number }
  httpsPort?: number | undefined
  /** Somebody else starts HAProxy in the state folder and keeps it running: another container, or the system. */
  external?: boolean
  /** Configuration, routes, certificates, figures and logs. */
  stateFolder: string
  /** By default in the state folder; the system allows about 90 bytes. */
  masterSocket?: string
  /** Whether requests are told in `access.log` with address and path. Counting goes on without. */
  accessLog?: boolean
  /** Public TCP ports that name no port of their own take one of these. */
  tcpPorts?: { from: number; to: number }
  /** Prometheus metrics on the loopback address, where the program has them. */
  metricsPort?: number
  maxConnections?: number
}

/** HAProxy runs in the state folder: paths in its configuration are relative, whatever the folder is called. */
export const CERTIFICATE_LIST = 'certificates/list'

export const filesOf = (settings: HaproxySettings) => {
  const at = (name: string): string => join(settings.stateFolder, name)
  return {
    masterSocket: settings.masterSocket ?? at('master.sock'),
    config: at('haproxy.cfg'),
    pid: at('haproxy.pid'),
    state: at('state.json'),
    figures: at('figures.json'),
    accessLog: at('access.log'),
    log: at('haproxy.log'),
    maps: at('maps'),
    certificates: at('certificates'),
    certificateList: at(CERTIFICATE_LIST),
    at,
  }
}

export type HaproxyFiles = ReturnType<typeof filesOf>

/** An old worker is gone from idle connections after this time: they may not bring a request to an old instance. */
export const KEEP_ALIVE_MS = 10_000
