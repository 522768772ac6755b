import { slugOf } from '@fairway/contract/names'
import { holdsExpression } from '@fairway/contract/nodes/values'
import { type TemplateDocument, templateDocument } from '@fairway/contract/resources/template'
import { type Problem, parseDocument, problemsOf } from './document.ts'
import type { FlowDocument, FlowNode } from './model.ts'
import { nodesOf } from './walk.ts'

/** Reads a template that somebody sent. `{}` as its link to git says that there is none. */
export function parseTemplate(
  value: unknown,
): { ok: true; document: TemplateDocument } | { ok: false; problems: Problem[] } {
  const read = parseDocument(withoutEmptyLink(value))
  if (!read.ok) return read
  const parsed = templateDocument.pick({ name: true, project: true }).loose().safeParse(read.document)
  if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error, '') }
  return { ok: true, document: read.document as TemplateDocument }
}

function withoutEmptyLink(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('gitops' in value)) return value
  const { gitops, ...rest } = value
  const isEmpty = typeof gitops === 'object' && gitops !== null && Object.keys(gitops).length === 0
  return isEmpty ? rest : value
}

/**
 * The document as a run executes it: the project that it makes becomes its first step, of the ref `project` when that
 * is free, and all others work in it.
 */
export function runDocumentOf(document: TemplateDocument): FlowDocument {
  const { project, ...rest } = document
  if (project === undefined || !('spec' in project)) return document as FlowDocument
  const ref = freeRef(document)
  const first = { kind: 'Project', ref, spec: project.spec } as FlowNode
  const { name } = project.spec
  // A name that is known is checked before the run; another one is known when the step has run.
  const projectId = typeof name === 'string' && !holdsExpression(name) ? slugOf(name) : `\${refs.${ref}.id}`
  return {
    ...rest,
    spec: {
      kind: 'Workflow',
      spec: {
        type: 'sequential',
        steps: [
          first,
          { kind: 'Workflow', spec: { type: 'sequential', context: { projectId }, steps: [document.spec] } },
        ],
      },
    },
  }
}

/** Where a person finds in a template what stands at a path of its run's document. */
export function pathInTemplate(document: TemplateDocument, path: string): string {
  if (document.project === undefined || !('spec' in document.project)) return path
  const moved = [
    ['spec.spec.steps.0.spec', 'project.spec'],
    ['spec.spec.steps.1.spec.steps.0', 'spec'],
  ] as const
  for (const [from, to] of moved)
    if (path === from || path.startsWith(`${from}.`)) return `${to}${path.slice(from.length)}`
  return path
}

function freeRef(document: TemplateDocument): string {
  const taken = new Set(nodesOf(document as FlowDocument).map(({ node }) => node.ref))
  let ref = 'project'
  while (taken.has(ref)) ref = `${ref}-made`
  return ref
}
