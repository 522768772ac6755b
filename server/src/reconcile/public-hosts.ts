import type { Port } from '@fairway/contract/resources/ports'

/** One entry of the gateway's table: these hosts, below this path, go to that port of the instances. */
export type PublicHosts = { port: string; hosts: string[]; pathPrefix: string }

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
    .filter((port) => port.public)
    .flatMap((port, index) => {
      const generated = index === 0 ? name : `${port.name}--${name}`
      const own = port.disableNfDomain ? [] : [{ port: port.name, hosts: [generated], pathPrefix: '/' }]
      const named =
        port.domains.length === 0
          ? []
          : [{ port: port.name, hosts: port.domains, pathPrefix: port.pathPrefix }]
      return [...own, ...named]
    })
}
