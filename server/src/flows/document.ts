import { type FlowDocument, flowDocument } from '@fairway/contract/flow'
import type { z } from 'zod'

/** A rule that a document breaks: where, and a sentence that says what to do. */
export type Problem = { path: string; rule: string }

export const MAX_DOCUMENT_BYTES = 1_000_000
/** Workflows in workflows. */
export const MAX_DEPTH = 20
/** Levels of JSON: each workflow takes four, and the specs of steps need some more. */
const MAX_JSON_DEPTH = MAX_DEPTH * 4 + 20

/** Reads a release flow document that somebody sent. Nothing is filled in: what comes back is what was written. */
export function parseDocument(
  value: unknown,
): { ok: true; document: FlowDocument } | { ok: false; problems: Problem[] } {
  // Before anything that recurses.
  if (isTooDeep(value))
    return {
      ok: false,
      problems: [{ path: 'spec', rule: `must not be nested more than ${MAX_DEPTH} workflows deep.` }],
    }
  if (JSON.stringify(value ?? null).length > MAX_DOCUMENT_BYTES)
    return { ok: false, problems: [{ path: '', rule: `must be smaller than ${MAX_DOCUMENT_BYTES} bytes.` }] }
  const parsed = flowDocument.safeParse(value, { reportInput: true })
  if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error, '') }
  return { ok: true, document: parsed.data as FlowDocument }
}

function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_JSON_DEPTH) return true
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []))
  }
  return false
}

/** The problems of a schema's error, with dotted paths below `at`. */
export function problemsOf(error: z.ZodError, at: string): Problem[] {
  return error.issues.flatMap((issue) => fromIssue(issue, at))
}

type Issue = z.ZodError['issues'][number]

function fromIssue(issue: Issue, at: string): Problem[] {
  const path = joined(at, issue.path)
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: path === '' ? key : `${path}.${key}`,
      rule: 'is not known here. Check its spelling and place, or remove it.',
    }))
  return [{ path, rule: sentence(ruleOf(issue)) }]
}

function ruleOf(issue: Issue): string {
  // The schema's own sentence, where it has one.
  const own = issue.message.startsWith('must')
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return `is missing: give ${named(issue.expected)}`
      return own ? issue.message : `must be ${named(issue.expected)}`
    case 'too_small':
      return own ? issue.message : `must ${amount(issue.origin)} at least ${issue.minimum}`
    case 'too_big':
      return own ? issue.message : `must ${amount(issue.origin)} at most ${issue.maximum}`
    default:
      return issue.message
  }
}

const amount = (origin: string): string => {
  if (origin === 'string') return 'have a length of'
  return origin === 'array' ? 'have a count of' : 'be'
}

const names: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
}

const named = (expected: string): string => names[expected] ?? expected

const sentence = (rule: string): string => (rule.endsWith('.') ? rule : `${rule}.`)

const joined = (at: string, path: readonly PropertyKey[]): string =>
  [...(at === '' ? [] : [at]), ...path.map(String)].join('.')
