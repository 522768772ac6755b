import type { z } from 'zod'
import { FairwayError, type FieldProblem } from './errors.ts'

type Issue = z.core.$ZodIssue

/** Checks a value against a schema; a broken rule becomes a 400 that names the field and the rule. */
export function check<S extends z.ZodType>(schema: S, value: unknown, where: string): z.output<S> {
  // The input is only looked at to tell "missing" from "wrong"; it never gets into the answer.
  const parsed = schema.safeParse(value, { reportInput: true })
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, []))
  const shown = problems.slice(0, SHOWN).map(({ field, rule }) => `${field || where}: ${rule}`)
  const more = problems.length > SHOWN ? ` (and ${problems.length - SHOWN} more)` : ''
  throw new FairwayError('invalid_request', `${shown.join('; ')}${more}`, { problems })
}

const SHOWN = 5

function problemsOf(issue: Issue, above: readonly PropertyKey[]): FieldProblem[] {
  const path = [...above, ...issue.path]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ field: dotted([...path, key]), rule: 'is not a known field' }))
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    return closestBranch(issue.errors).flatMap((inner) => problemsOf(inner, path))
  }
  return [{ field: dotted(path), rule: ruleOf(issue) }]
}

function ruleOf(issue: Issue): string {
  if ('input' in issue && issue.input === undefined) return 'is required'
  if (issue.code === 'invalid_type') return `must be ${article(issue.expected)}`
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`
  return issue.message.replace(/^Invalid input: /, '')
}

/** The alternative that was most nearly met: fewest problems, found deepest. */
function closestBranch(branches: readonly Issue[][]): Issue[] {
  const depth = (issues: readonly Issue[]): number => Math.max(0, ...issues.map((issue) => issue.path.length))
  const sorted = branches.toSorted((a, b) => depth(b) - depth(a) || a.length - b.length)
  return sorted[0] ?? []
}

const dotted = (path: readonly PropertyKey[]): string => path.map(String).join('.')

const article = (type: string): string => (/^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`)
