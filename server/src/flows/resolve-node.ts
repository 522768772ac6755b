import { kindOf } from '@fairway/contract/nodes/kinds'
import { problemsOf } from './document.ts'
import { withInner } from './embedded-flows.ts'
import { resolveValue, type Scope, type ValueProblem } from './expression.ts'
import { isTrue } from './functions/function.ts'
import type { FlowDocument, FlowNode, LoopState, NodeError } from './model.ts'
import { documentPath } from './paths.ts'
import { ownSpec } from './walk.ts'

/** A node whose expressions have all become values. */
export type ResolvedNode =
  /** `spec` has been checked against the kind's schema for resolved specs. `timeoutSeconds` null: no deadline.
   *  `opened`: for a loop, the state and response to write when it opens. */
  | {
      is: 'ready'
      spec: unknown
      timeoutSeconds: number | null
      opened?: { state: LoopState; response: unknown }
    }
  | { is: 'skip'; reason: string }
  | { is: 'invalid'; error: NodeError; problems: ValueProblem[] }

/**
 * Resolves what a node needs before it begins: whether it is skipped, how long it may take, and its spec. Of a
 * container only its own fields are resolved, never its steps.
 */
export function resolveNode(
  document: FlowDocument,
  node: FlowNode,
  path: string,
  scope: Scope,
): ResolvedNode {
  const at = documentPath(path)
  const skip = resolveValue(node.skipNodeExecution ?? false, `${at}.skipNodeExecution`, scope)
  if (skip.problems.length > 0) return invalid(skip.problems)
  if (isTrue(skip.value)) return { is: 'skip', reason: 'skipNodeExecution is true.' }

  const timeout = resolveTimeout(document, node, at, scope)
  if (timeout.problems.length > 0) return invalid(timeout.problems)
  const resolved = resolveValue(ownSpec(node), `${at}.spec`, scope)
  if (resolved.problems.length > 0) return invalid(resolved.problems)
  return ready(
    node,
    at,
    node.kind === 'Pipeline' ? withInner(resolved.value) : resolved.value,
    timeout.seconds,
  )
}

function ready(node: FlowNode, at: string, value: unknown, seconds: number | null): ResolvedNode {
  const parsed = kindOf(node.kind)?.spec.safeParse(value, { reportInput: true })
  if (parsed === undefined) return invalid([{ path: `${at}.kind`, rule: 'is not a kind of step.' }])
  if (!parsed.success) return invalid(problemsOf(parsed.error, `${at}.spec`))
  const timeoutSeconds = timeoutInside(node, parsed.data) ?? seconds
  if (node.kind !== 'LoopWorkflow') return { is: 'ready', spec: parsed.data, timeoutSeconds }
  const { iterations } = parsed.data as LoopState
  const opened = { state: { iterations }, response: { iterations, count: iterations.length } }
  return { is: 'ready', spec: parsed.data, timeoutSeconds, opened }
}

function resolveTimeout(
  document: FlowDocument,
  node: FlowNode,
  at: string,
  scope: Scope,
): { seconds: number | null; problems: ValueProblem[] } {
  const usual = kindOf(node.kind)?.timeoutSeconds ?? null
  const isOwn = node.timeoutDuration !== undefined
  // The flow's default is for steps; a container lasts as long as what it holds, unless it says otherwise itself.
  const written = isOwn || usual === null ? node.timeoutDuration : document.timeoutDuration
  if (written === undefined) return { seconds: usual, problems: [] }
  const path = isOwn ? `${at}.timeoutDuration` : 'timeoutDuration'
  const { value, problems } = resolveValue(written, path, scope)
  const seconds = Number(value)
  if (problems.length > 0) return { seconds: null, problems }
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 604_800)
    return { seconds: null, problems: [{ path, rule: 'must be a whole number of seconds, at least 1.' }] }
  return { seconds, problems: [] }
}

/** Actions and conditions hold their timeout inside. */
function timeoutInside(node: FlowNode, spec: unknown): number | undefined {
  if (node.kind !== 'Action' && node.kind !== 'Condition') return undefined
  return (spec as { spec: { data: { timeoutDuration?: number } } }).spec.data.timeoutDuration
}

function invalid(problems: ValueProblem[]): ResolvedNode {
  const [first] = problems
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  const message = first === undefined ? 'The step is not valid.' : `${first.path}: ${first.rule}${more}`
  return { is: 'invalid', error: { code: 'invalid_reference', message }, problems }
}
