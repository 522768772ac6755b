import { OWN_VALUES } from './resource.ts'

/** Fields of resources that hold values nobody shall read back. */
const HOLDS_VALUES: ReadonlySet<string> = new Set([...OWN_VALUES, 'secrets', 'argumentOverrides'])

const HIDDEN = '(hidden)'

/** The spec of a resource as it may be stored and shown: with the names of its values, without the values. */
export function withoutValues(spec: unknown, isBelow = false): unknown {
  if (Array.isArray(spec)) return spec.map((item) => withoutValues(item, isBelow))
  if (typeof spec !== 'object' || spec === null) return isBelow ? HIDDEN : spec
  return Object.fromEntries(
    Object.entries(spec).map(([key, value]) => [key, withoutValues(value, isBelow || HOLDS_VALUES.has(key))]),
  )
}
