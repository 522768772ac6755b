import type { FlowNode } from './model.ts'

/**
 * Documents inside a document: the release flows of a Pipeline node. Their own `${...}` are for later; only
 * `${template.…}` is resolved with the node that holds them.
 */

/** Stands for "${" while the node around is resolved: no document may hold this character. */
const LATER = '\u0000{'
const PARENT = /\$\{\s*template\.([^}]*)\}/g

/** The spec of a node as it is resolved, with what is for later out of reach. */
export const outerSpec = (node: FlowNode): unknown =>
  node.kind === 'Pipeline' ? mapFlows(node.spec, (text) => ofParent(text)) : node.spec

/** Gives what is for later its form back. */
export const withInner = (spec: unknown): unknown => mapTexts(spec, (text) => text.replaceAll(LATER, '${'))

/** `${template.args.X}` becomes `${args.X}`, and every other `${` is put out of reach. */
function ofParent(text: string): string {
  const pieces: string[] = []
  let from = 0
  for (const match of text.matchAll(PARENT)) {
    pieces.push(later(text.slice(from, match.index)), `\${${match[1]?.replaceAll('template.', '')}}`)
    from = match.index + match[0].length
  }
  return [...pieces, later(text.slice(from))].join('')
}

const later = (text: string): string => text.replaceAll('${', LATER)

function mapFlows(spec: unknown, change: (text: string) => string): unknown {
  const { stages } = spec as { stages?: unknown }
  if (!Array.isArray(stages)) return spec
  const changed = stages.map((stage) =>
    typeof stage === 'object' && stage !== null && 'releaseFlow' in stage
      ? { ...stage, releaseFlow: mapTexts(stage.releaseFlow, change) }
      : stage,
  )
  return { ...(spec as object), stages: changed }
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, change)]))
}
