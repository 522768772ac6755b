import { flowDocument } from '@fairway/contract/flow'
import { LineCounter, parseDocument, stringify } from 'yaml'
import type { z } from 'zod'
import type { StepPath } from './layout.ts'

export type Format = 'json' | 'yaml'

/** What is wrong with a text, and where: offsets in the text, the step it belongs to where there is one. */
export type TextProblem = { from: number; to: number; message: string; step?: StepPath }

export type ReadText = { document: Record<string, unknown> | undefined; problems: TextProblem[] }

export const writeText = (document: object, format: Format): string =>
  format === 'json' ? `${JSON.stringify(document, null, 2)}\n` : stringify(document, { lineWidth: 100 })

export type FoundProblem = Pick<TextProblem, 'message' | 'step'>

function check(value: object, schema: z.ZodType): (FoundProblem & { keys: (string | number)[] })[] {
  return (schema.safeParse(value).error?.issues ?? []).map(({ path, message }) => {
    const keys = path.filter((key) => typeof key !== 'symbol')
    const step = stepOf(keys)
    return {
      keys,
      message: `${keys.at(-1) ?? 'the document'} ${message}`,
      ...(step !== undefined && { step }),
    }
  })
}

/** What is wrong with a document that is no text yet. Pure. */
export const problemsOf = (document: object, schema: z.ZodType = flowDocument): FoundProblem[] =>
  check(document, schema).map(({ keys: _keys, ...found }) => found)

/** Reads JSON or YAML, which holds JSON, and checks it by the contract's own schema. Pure. */
export function readText(text: string, schema: z.ZodType = flowDocument): ReadText {
  const lines = new LineCounter()
  const parsed = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const broken = parsed.errors.map(({ pos: [from, to], message }) => ({ from, to, message }))
  if (broken.length > 0) return { document: undefined, problems: broken }
  const value: unknown = parsed.toJS()
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return {
      document: undefined,
      problems: [{ from: 0, to: text.length, message: 'This is not a document.' }],
    }
  }
  const problems = check(value, schema).map(({ keys, ...problem }) => ({
    ...rangeOf(parsed, keys),
    ...problem,
  }))
  return { document: value as Record<string, unknown>, problems }
}

/** The nearest thing on the way to a path that stands in the text. */
function rangeOf(
  parsed: ReturnType<typeof parseDocument>,
  path: (string | number)[],
): { from: number; to: number } {
  for (let length = path.length; length > 0; length -= 1) {
    const node = parsed.getIn(path.slice(0, length), true) as { range?: [number, number, number] } | undefined
    if (node?.range !== undefined) return { from: node.range[0], to: node.range[1] }
  }
  return { from: 0, to: 1 }
}

/** `spec.spec.steps.1.spec.steps.0.…` → `1.0`; undefined outside of the steps. */
export function stepOf(path: readonly (string | number)[]): StepPath | undefined {
  if (path[0] !== 'spec') return undefined
  const steps: number[] = []
  let at = 1
  while (path[at] === 'spec' && path[at + 1] === 'steps' && typeof path[at + 2] === 'number') {
    steps.push(path[at + 2] as number)
    at += 3
  }
  return steps.join('.')
}
