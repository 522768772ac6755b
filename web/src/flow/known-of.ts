import type { JsonSchema } from './schema-form.tsx'

/** A value without what a schema does not know, inside of it too. Pure. */
export function knownOf({ properties }: JsonSchema, value: unknown): unknown {
  if (properties === undefined || typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) => {
      const schema = properties[key]
      return schema === undefined ? [] : [[key, knownOf(schema, part)]]
    }),
  )
}
