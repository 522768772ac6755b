import { useState } from 'react'
import type { z } from 'zod'
import { ApiError, sentenceOf } from '../api/api-error.ts'

/** A body of the API while a person writes it. */
export type BodyForm<S extends z.ZodType> = {
  value: z.input<S>
  set(change: Partial<z.input<S>>): void
  /** Begins anew, for a body of another kind. */
  replace(value: z.input<S>): void
  /** What the contract or the server says against a field, once a person tried to send it: `credentials.username`. */
  problem(field: string): string | undefined
  /** What is wrong with no field that is shown. */
  others(shown: readonly string[]): string[]
  /** The body when it may be sent; undefined: its problems are shown from now on. */
  check(): z.input<S> | undefined
  /** What the server answered to the body; what it says of fields is shown at them until something is changed. */
  refuse(error: unknown): void
}

/** Holds a draft of a body and judges it by the schema that the server judges by. */
export function useBody<S extends z.ZodType>(schema: S, initial: z.input<S>): BodyForm<S> {
  const [value, setValue] = useState(initial)
  const [tried, setTried] = useState(false)
  const [refusal, setRefusal] = useState<unknown>()
  const change = (next: (before: z.input<S>) => z.input<S>): void => {
    setRefusal(undefined)
    setValue(next)
  }
  const checked = schema.safeParse(value)
  const own = (tried && checked.error?.issues.map((issue) => told(issue))) || []
  const problems = [...own, ...(refusal instanceof ApiError ? refusal.problems : [])]
  return {
    value,
    set: (part) => change((before) => Object.assign({}, before, part)),
    replace: (next) => change(() => next),
    problem: (field) => problems.find((problem) => problem.field === field)?.rule,
    others: (shown) => [
      ...own
        .filter(({ field }) => !shown.includes(field))
        .map(({ field, rule }) => `${field} ${rule}`.trim()),
      ...(refusal === undefined || areAllAt(refusal, shown) ? [] : [sentenceOf(refusal)]),
    ],
    check: () => {
      setTried(true)
      setRefusal(undefined)
      return checked.success ? value : undefined
    },
    refuse: setRefusal,
  }
}

/** Whether a refusal says nothing but what is shown at fields. Pure. */
const areAllAt = (refusal: unknown, shown: readonly string[]): boolean =>
  refusal instanceof ApiError &&
  refusal.problems.length > 0 &&
  refusal.problems.every(({ field }) => shown.includes(field))

type Issue = z.core.$ZodIssue

const told = (issue: Issue): { field: string; rule: string } => ({
  field: issue.path.join('.'),
  rule: wordsOf(issue),
})

/** The contract's own words, but for the two that everybody meets. Pure. */
function wordsOf(issue: Issue): string {
  if (issue.code === 'too_small' && issue.origin === 'string')
    return Number(issue.minimum) <= 1 ? 'is missing' : `must have ${issue.minimum} characters or more`
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is missing'
  return issue.message
}
