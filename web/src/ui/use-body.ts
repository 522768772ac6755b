import { useState } from 'react'
import type { z } from 'zod'

/** A body of the API while a person writes it. */
export type BodyForm<S extends z.ZodType> = {
  value: z.input<S>
  set(change: Partial<z.input<S>>): void
  /** Begins anew, for a body of another kind. */
  replace(value: z.input<S>): void
  /** What the contract says against a field, once a person tried to send it: `credentials.username`. */
  problem(field: string): string | undefined
  /** What is wrong with no field that is shown. */
  others(shown: readonly string[]): string[]
  /** The body when it may be sent; undefined: its problems are shown from now on. */
  check(): z.input<S> | undefined
}

/** Holds a draft of a body and judges it by the schema that the server judges by. */
export function useBody<S extends z.ZodType>(schema: S, initial: z.input<S>): BodyForm<S> {
  const [value, setValue] = useState(initial)
  const [tried, setTried] = useState(false)
  const checked = schema.safeParse(value)
  const problems = (tried && checked.error?.issues) || []
  return {
    value,
    set: (change) => setValue((before) => Object.assign({}, before, change)),
    replace: setValue,
    problem: (field) => wordsOf(problems.find(({ path }) => path.join('.') === field)),
    others: (shown) =>
      problems
        .filter(({ path }) => !shown.includes(path.join('.')))
        .map((issue) => [issue.path.join('.'), wordsOf(issue)].filter(Boolean).join(' ')),
    check: () => {
      setTried(true)
      return checked.success ? value : undefined
    },
  }
}

type Issue = z.core.$ZodIssue

/** The contract's own words, but for the two that everybody meets. Pure. */
function wordsOf(issue: Issue | undefined): string | undefined {
  if (issue?.code === 'too_small' && issue.origin === 'string')
    return Number(issue.minimum) <= 1 ? 'is missing' : `must have ${issue.minimum} characters or more`
  if (issue?.code === 'invalid_type' && issue.input === undefined) return 'is missing'
  return issue?.message
}
