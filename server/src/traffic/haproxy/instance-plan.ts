/** What a running worker has to be told so that it serves the wanted instances. Pure. */
import type { BackendSpec, ServerSpec } from './render-config.ts'
import type { SeenServer, SeenWorker } from './worker-view.ts'

export type InstancePlan = {
  /** Brings new ones in. Done before the others, so that it is never without an instance in between. */
  added: string[]
  /** Takes new requests away from old ones. */
  drained: string[]
  /** `backend/server` that takes nothing new and that nobody wants. */
  unnamed: SeenServer[]
}

export function planInstances(wanted: readonly BackendSpec[], seen: SeenWorker): InstancePlan {
  const found = new Map<string, SeenServer>(seen.servers.map((server) => [at(server), server]))
  const named = new Map<string, ServerSpec>(
    wanted
      .filter(({ name }) => seen.backends.has(name))
      .flatMap(({ name, servers }) =>
        servers.map((server) => [at({ backend: name, name: server.name }), server] as const),
      ),
  )
  const unnamed = [...found.values()].filter((server) => !named.has(at(server)))
  return {
    added: [...named].flatMap(([key, server]) =>
      server.draining ? [] : makeReady(key, server, found.get(key)),
    ),
    drained: [
      ...[...named].flatMap(([key, server]) => (server.draining ? unroute(found.get(key)) : [])),
      ...unnamed.flatMap(unroute),
    ],
    unnamed,
  }
}

/** Without these a worker does not serve what was asked. */
export const neededOf = ({ added, drained }: InstancePlan): string[] => [...added, ...drained]

const at = ({ backend, name }: { backend: string; name: string }): string => `${backend}/${name}`

function makeReady(key: string, { address, options }: ServerSpec, seen: SeenServer | undefined): string[] {
  if (seen?.ready) return []
  const ready = `set server ${key} state ready`
  return seen === undefined ? [`add server ${key} ${address} ${options}`.trimEnd(), ready] : [ready]
}

const unroute = (seen: SeenServer | undefined): string[] =>
  seen?.ready ? [`set server ${at(seen)} state drain`] : []
