import { isDeepStrictEqual } from 'node:util'

export type Json = Record<string, unknown>

/** One field that would change. A field that was not there, or will not be, has no `from` or `to`. */
export type Difference = { path: string; from?: unknown; to?: unknown }

const HIDDEN = '(hidden)'

/**
 * Where two bodies differ, field by field; lists of the same length element by element. Values below a path of
 * `secret` are never shown. Pure.
 */
export function differencesOf(before: Json, after: Json, secret: readonly string[] = []): Difference[] {
  return compare(before, after, '').map((difference) =>
    secret.some((path) => isBelow(difference.path, path)) ? hidden(difference) : difference,
  )
}

/** Whether a path is another one, or below it. */
export const isBelow = (path: string, above: string): boolean =>
  path === above || path.startsWith(`${above}.`)

function compare(before: unknown, after: unknown, path: string): Difference[] {
  if (isDeepStrictEqual(before, after)) return []
  if (isObject(before) && isObject(after))
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      compare(before[key], after[key], below(path, key)),
    )
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((item, index) => compare(item, after[index], below(path, String(index))))
  return [{ path, ...(before !== undefined && { from: before }), ...(after !== undefined && { to: after }) }]
}

const hidden = ({ path, ...values }: Difference): Difference => ({
  path,
  ...('from' in values && { from: HIDDEN }),
  ...('to' in values && { to: HIDDEN }),
})

const below = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
