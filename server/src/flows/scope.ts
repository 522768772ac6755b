import { hkdfSync } from 'node:crypto'
import type { Scope } from './expression.ts'
import type { FlowDocument, IterationState, NodeRow, NodeRows } from './model.ts'
import { iterationsAround } from './paths.ts'

/** What a run gives to the expressions of its nodes. */
export type RunValues = {
  /** The run's arguments over the document's overrides; the document's own defaults are added here. */
  arguments: Readonly<Record<string, unknown>>
  /** What `${refs.<trigger>...}` reads, by the ref of the trigger. */
  triggers: Readonly<Record<string, unknown>>
  /** When the run began: what `fn.date` shows, in every attempt. */
  startedAt: Date
  /** Secret bytes of this run and of this flow, from which `fn.randomSecret` is derived. */
  seeds: { run: Uint8Array; flow: Uint8Array }
  fetchSecret(group: string, key: string): string | undefined
}

/** What the expressions of the node at `path` may read, given the rows so far. */
export function scopeAt(document: FlowDocument, nodes: NodeRows, path: string, values: RunValues): Scope {
  const iterations = iterationsAround(path)
  const [around] = iterations
  return {
    ref: refsVisibleAt(nodes, iterations, values.triggers),
    args: { ...document.arguments, ...document.argumentOverrides, ...values.arguments },
    loop: around === undefined ? undefined : iterationState(nodes.get(around)),
    now: values.startedAt,
    random: ({ bytes, place, sticky }) =>
      derive(sticky ? values.seeds.flow : values.seeds.run, place, sticky ? '' : path, bytes),
    fetchSecret: values.fetchSecret,
  }
}

const iterationState = (row: NodeRow | undefined): IterationState | undefined =>
  (row?.state as IterationState | null | undefined) ?? undefined

/** A ref inside a loop has a row in each iteration and is seen in the same one only. Skipped steps answer nothing. */
function refsVisibleAt(
  nodes: NodeRows,
  iterations: readonly string[],
  triggers: RunValues['triggers'],
): Scope['ref'] {
  let byRef: Map<string, NodeRow[]> | undefined
  return (name) => {
    byRef ??= rowsByRef(nodes)
    const rows = byRef.get(name) ?? []
    const home = [...iterations, undefined]
    for (const iteration of home) {
      const row = rows.find((candidate) => iterationsAround(candidate.path)[0] === iteration)
      if (row !== undefined) return row.status === 'success' ? row.response : undefined
    }
    return Object.hasOwn(triggers, name) ? triggers[name] : undefined
  }
}

function rowsByRef(nodes: NodeRows): Map<string, NodeRow[]> {
  const byRef = new Map<string, NodeRow[]>()
  for (const row of nodes.values()) {
    if (row.ref === null) continue
    const rows = byRef.get(row.ref)
    if (rows === undefined) byRef.set(row.ref, [row])
    else rows.push(row)
  }
  return byRef
}

const derive = (seed: Uint8Array, place: string, path: string, bytes: number): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', seed, '', `fairway flow random ${path} ${place}`, bytes))
