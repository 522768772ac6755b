import pc from 'picocolors'
import type { Json } from './client.ts'
import { coloured } from './output.ts'

/** A node of a run's document with what the engine grafted on to it. */
type RunNode = Json & {
  kind: string
  ref?: string
  spec?: Json & { steps?: RunNode[]; type?: string }
  response?: { status?: string; startTime?: number; endTime?: number; error?: { message?: string } }
}

export type NodeLine = {
  path: string
  depth: number
  label: string
  status: string
  seconds?: number
  error?: string
}

/** The nodes of a run in reading order, one line each. */
export function nodeLines(node: RunNode, path = '0', depth = 0): NodeLine[] {
  const { status = 'waiting', startTime, endTime, error } = node.response ?? {}
  const seconds = startTime !== undefined && endTime !== undefined ? endTime - startTime : undefined
  const own: NodeLine = {
    path,
    depth,
    label: labelOf(node),
    status,
    ...(seconds !== undefined && { seconds }),
    ...(error?.message !== undefined && { error: error.message }),
  }
  const steps = node.spec?.steps ?? []
  return [own, ...steps.flatMap((step, index) => nodeLines(step, `${path}.${index}`, depth + 1))]
}

function labelOf({ kind, ref, spec = {} }: RunNode): string {
  const name = ref === undefined ? '' : ` ${ref}`
  const target = (spec.target as Json | undefined)?.id ?? spec.jobId ?? spec.addonId ?? spec.id
  const type =
    kind === 'Workflow' || kind === 'Release' || kind === 'Action' ? ` ${spec.type ?? spec.kind ?? ''}` : ''
  return `${kind}${type}${name}${target === undefined ? '' : ` → ${target}`}`
}

const MARKS: Readonly<Record<string, string>> = {
  success: '✓',
  failure: '✗',
  invalid: '✗',
  aborted: '■',
  skipped: '↷',
  running: '●',
  async_wait: '●',
  approval_wait: '?',
  retrying: '↻',
}

export function renderLine({ depth, label, status, seconds, error }: NodeLine): string {
  const time = seconds === undefined ? '' : pc.dim(` ${seconds.toFixed(1)} s`)
  const why = error === undefined ? '' : `\n${'  '.repeat(depth + 2)}${pc.red(error)}`
  return `${'  '.repeat(depth)}${MARKS[status] ?? '·'} ${label}  ${coloured(status)}${time}${why}`
}
