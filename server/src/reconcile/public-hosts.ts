import type { Port } from '@fairway/contract/resources/ports'

/** One entry of the gateway's table: these hosts, below this path, go to that port of the instances. */
export type PublicHosts = { port: string; hosts: string[]; pathPrefix: string; protocol?: 'HTTP/2' }

/**
 * Under which names the public reaches a service. The first public port is `<service>--<project>.<domain>`, others
 * `<port>--<service>--<project>.<domain>`; a port's own domains serve its path prefix.
 */
export function publicHosts(
  { projectId, serviceId }: { projectId: string; serviceId: string },
  ports: readonly Port[],
  domain: string,
): PublicHosts[] {
  const name = `${serviceId}--${projectId}.${domain}`
  return ports
    .filter((port) => port.public && (port.protocol === 'HTTP' || port.protocol === 'HTTP/2'))
    .flatMap((port, index) => {
      const generated = index === 0 ? name : `${port.name}--${name}`
      const spoken = port.protocol === 'HTTP/2' ? { protocol: port.protocol } : {}
      const own = port.disableNfDomain
        ? []
        : [{ port: port.name, hosts: [generated], pathPrefix: '/', ...spoken }]
      const named =
        port.domains.length === 0
          ? []
          : [{ port: port.name, hosts: port.domains, pathPrefix: port.pathPrefix, ...spoken }]
      return [...own, ...named]
    })
}

/** Names of the ports that the public reaches by a TCP port of the gateway. */
export const publicTcpPorts = (ports: readonly Port[]): string[] =>
  ports.filter((port) => port.public && port.protocol === 'TCP').map(({ name }) => name)
