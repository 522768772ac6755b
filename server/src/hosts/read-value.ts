/** Reading payloads of others: what is missing or of another type is absent, never an error. */
export type Payload = Record<string, unknown>

/** The object at a dotted path, or an empty one. */
export const objectAt = (value: unknown, path = ''): Payload => {
  const found = valueAt(value, path)
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Payload) : {}
}

export const listAt = (value: unknown, path: string): unknown[] => {
  const found = valueAt(value, path)
  return Array.isArray(found) ? found : []
}

/** Text that a database can store: without NUL and lone surrogates. Empty text is absent. */
export const textAt = (value: unknown, path: string, most = 4000): string | undefined => {
  const found = valueAt(value, path)
  if (typeof found !== 'string' || found === '') return undefined
  return found.slice(0, most).replaceAll('\0', '').toWellFormed()
}

export const numberAt = (value: unknown, path: string): number | undefined => {
  const found = valueAt(value, path)
  return typeof found === 'number' && Number.isSafeInteger(found) ? found : undefined
}

export const isTrueAt = (value: unknown, path: string): boolean => valueAt(value, path) === true

export function valueAt(value: unknown, path: string): unknown {
  if (path === '') return value
  let current = value
  for (const key of path.split('.')) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined
    current = (current as Payload)[key]
  }
  return current
}

/** The first texts that are there, each once. */
export const textsAt = (value: unknown, paths: readonly string[]): string[] => [
  ...new Set(paths.flatMap((path) => textAt(value, path, 2000) ?? [])),
]
