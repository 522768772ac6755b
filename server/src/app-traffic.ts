import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from './config.ts'
import { foldersOf } from './data-folders.ts'
import type { GatewayName } from './installation/choose-parts.ts'
import type { Log } from './lib/log.ts'
import type { Traffic } from './reconcile/traffic-port.ts'
import { startEmbeddedTraffic } from './traffic/embedded/embedded-traffic.ts'
import { type GatewaySettings, stopEmbeddedGateway } from './traffic/embedded/gateway-process.ts'
import { stopHaproxy } from './traffic/haproxy/haproxy-process.ts'
import { startHaproxyTraffic } from './traffic/haproxy/haproxy-traffic.ts'
import type { HaproxySettings } from './traffic/haproxy/settings.ts'

type Opening = { config: Config; log: Log; gateway: GatewayName; former: GatewayName | undefined }

/** Adopts or starts the chosen gateway. Another one that served before is ended first: it holds the ports. */
export async function openTraffic({ config, log, gateway, former }: Opening): Promise<Traffic> {
  if (former !== undefined) await stopGateway(config, former)
  return gateway === 'haproxy'
    ? startHaproxyTraffic({ settings: haproxySettings(config), log })
    : startEmbeddedTraffic({ settings: gatewaySettings(config), log })
}

/** Ends a gateway and what it is at. Nothing happens when it does not run. */
export const stopGateway = (config: Config, gateway: GatewayName): Promise<void> =>
  gateway === 'haproxy'
    ? stopHaproxy(haproxySettings(config))
    : stopEmbeddedGateway(gatewaySettings(config).controlSocket)

function haproxySettings({ dataFolder, gateway }: Config): HaproxySettings {
  const stateFolder = join(foldersOf(dataFolder).gateway, 'haproxy')
  return {
    program: gateway.haproxy,
    external: gateway.haproxyExternal,
    listen: { host: gateway.host, port: gateway.port },
    ...(gateway.httpsPort > 0 && { httpsPort: gateway.httpsPort }),
    stateFolder,
    masterSocket: shortSocketPath(join(stateFolder, 'master.sock')),
    accessLog: gateway.accessLog,
    tcpPorts: gateway.tcpPorts,
  }
}

function gatewaySettings({ dataFolder, gateway }: Config): GatewaySettings {
  const { gateway: stateFolder } = foldersOf(dataFolder)
  return {
    listen: { host: gateway.host, port: gateway.port },
    controlSocket: shortSocketPath(join(stateFolder, 'control.sock')),
    stateFolder,
    flags: {
      'access-log': gateway.accessLog ? 'on' : 'off',
      workers: String(gateway.workers),
    },
  }
}

/** The kernel allows a socket's path about a hundred bytes, and HAProxy needs a few; a longer one moves to the temporary folder. */
function shortSocketPath(path: string): string {
  if (Buffer.byteLength(path) <= 85) return path
  const name = createHash('sha256').update(path).digest('hex').slice(0, 16)
  return join(tmpdir(), `fairway-${name}.sock`)
}
