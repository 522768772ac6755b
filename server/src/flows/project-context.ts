import { FairwayError } from '@fairway/contract/errors'
import { resolveValue, type Scope } from './expression.ts'
import type { FlowDocument, FlowNode } from './model.ts'
import { documentPath, isContainer, nodeAt } from './paths.ts'

type Place = {
  path: string
  scope: Scope
  /** The project that the template itself belongs to. */
  own: string | null
}

type Named = { at: string; projectId: unknown }

/**
 * The project that a step of a template works in: named by itself, else by the nearest workflow around it, else the
 * template's own. Null: none. Errors: `forbidden` when a template of a project names another one.
 */
export function projectOf(document: FlowDocument, { path, scope, own }: Place): string | null {
  const named = projectNamedAt(document, path)
  if (named === undefined) return own
  const { value } = resolveValue(named.projectId, named.at, scope)
  if (typeof value !== 'string' || value === '')
    throw new FairwayError('invalid_request', `${named.at}: must be the id of a project.`)
  if (own !== null && value !== own)
    throw new FairwayError(
      'forbidden',
      `${named.at}: a template of project "${own}" works in that project only. Make it a template of the team.`,
    )
  return value
}

/** Where and how the project of a step is written, if it is. */
export function projectNamedAt(document: FlowDocument, path: string): Named | undefined {
  for (let at = path; ; at = parentOf(at)) {
    const node = nodeAt(document, at)
    const named = node && namedBy(node, at)
    if (named !== undefined) return named
    if (!/[.#]/.test(at)) break
  }
  const { project } = document as { project?: { id?: unknown } }
  return project?.id === undefined ? undefined : { at: 'project.id', projectId: project.id }
}

const parentOf = (path: string): string => path.replace(/[.#]\d+$/, '')

type Spec = {
  projectId?: unknown
  context?: { projectId?: unknown }
  spec?: { data?: { projectId?: unknown } }
}

function namedBy(node: FlowNode, path: string): Named | undefined {
  const spec = (node.spec ?? {}) as Spec
  const at = `${documentPath(path)}.spec`
  if (isContainer(node)) return written(`${at}.context.projectId`, spec.context?.projectId)
  return (
    written(`${at}.projectId`, spec.projectId) ??
    written(`${at}.spec.data.projectId`, spec.spec?.data?.projectId)
  )
}

const written = (at: string, projectId: unknown): Named | undefined =>
  projectId === undefined ? undefined : { at, projectId }
