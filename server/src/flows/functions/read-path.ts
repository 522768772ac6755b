const blocked = new Set(['__proto__', 'constructor', 'prototype'])

/** The value at a path of names and indexes. Only own properties are read; anything else gives undefined. */
export function readPath(value: unknown, keys: readonly string[]): unknown {
  let at = value
  for (const key of keys) {
    if (blocked.has(key) || typeof at !== 'object' || at === null) return undefined
    if (Array.isArray(at) && !/^\d+$/.test(key)) return undefined
    if (!Object.hasOwn(at, key)) return undefined
    at = (at as Record<string, unknown>)[key]
  }
  return at
}
