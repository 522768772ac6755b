import type { Json } from './difference.ts'

/** What stands at a dotted path of a body; undefined: nothing. */
export function at(body: unknown, path: string): unknown {
  let value = body
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Json)[key]
  }
  return value
}

/** The body with a value at a dotted path; undefined takes it away. The body itself is not changed. */
export function withAt(body: Json, path: string, value: unknown): Json {
  const [key = '', ...rest] = path.split('.')
  const { [key]: old, ...others } = body
  const next = rest.length === 0 ? value : withAt((old ?? {}) as Json, rest.join('.'), value)
  return next === undefined ? others : { ...others, [key]: next }
}
