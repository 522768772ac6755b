/**
 * Finds what serves a request: the exact host before `*`, and within a host the longest path prefix, matched on
 * segment boundaries (`/api` serves `/api` and `/api/x`, not `/apix`).
 */
export type RouteEntry<T> = { hosts: readonly string[]; pathPrefix: string; target: T }
export type RouteTable<T> = ReadonlyMap<string, readonly Prefix<T>[]>
type Prefix<T> = { path: string; withSlash: string; target: T }

/** Of two entries with the same host and prefix the first one serves. */
export function buildRouteTable<T>(entries: readonly RouteEntry<T>[]): RouteTable<T> {
  const table = new Map<string, Prefix<T>[]>()
  for (const { hosts, pathPrefix, target } of entries) {
    const path = pathPrefix.length > 1 && pathPrefix.endsWith('/') ? pathPrefix.slice(0, -1) : pathPrefix
    for (const host of hosts) {
      const prefixes = table.get(host.toLowerCase()) ?? []
      prefixes.push({ path, withSlash: path === '/' ? '/' : `${path}/`, target })
      table.set(host.toLowerCase(), prefixes)
    }
  }
  for (const prefixes of table.values()) prefixes.sort((a, b) => b.path.length - a.path.length)
  return table
}

/** `host` in lower case without port; `path` without query. */
export function findRoute<T>(table: RouteTable<T>, host: string, path: string): T | undefined {
  return (matchPrefix(table.get(host), path) ?? matchPrefix(table.get('*'), path))?.target
}

function matchPrefix<T>(prefixes: readonly Prefix<T>[] | undefined, path: string): Prefix<T> | undefined {
  if (prefixes === undefined) return undefined
  for (const prefix of prefixes) {
    if (path === prefix.path || path.startsWith(prefix.withSlash)) return prefix
  }
  return undefined
}
