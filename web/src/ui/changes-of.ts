type Parts = Readonly<Record<string, unknown>>

/**
 * What of `after` is another than in `before`, as a partial change: objects by their parts, lists whole. What was left
 * out stays as it is. Undefined when nothing is. Pure.
 */
export function changesOf<T>(before: T, after: T): Partial<T> | undefined {
  const changed = Object.entries(after as Parts).flatMap(([name, value]) => {
    const old = (before as Parts)[name]
    if (value === undefined || JSON.stringify(old) === JSON.stringify(value)) return []
    return [[name, isParts(value) && isParts(old) ? changesOf(old, value) : value]]
  })
  return changed.length === 0 ? undefined : (Object.fromEntries(changed) as Partial<T>)
}

const isParts = (value: unknown): value is Parts =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
