/** What a flow's document may hold; everything else in the server's answer is about the document. */
const FIELDS = [
  'apiVersion',
  '$schema',
  'name',
  'description',
  'arguments',
  'options',
  'triggers',
  'richInputs',
  'gitops',
  'project',
  'teardownSpec',
  'settings',
  'timeoutDuration',
  'spec',
] as const

/** The document in an answer of the server, ready to be sent back. Argument overrides are sealed and stay as they are. */
export function documentOf(answer: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    FIELDS.filter((name) => answer[name] !== undefined && answer[name] !== null).map((name) => [
      name,
      answer[name],
    ]),
  )
}

/** Whether two documents say the same. The order of keys means nothing, and the database keeps none. Pure. */
export function isSameDocument(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const [left, right] = [filledKeys(a), filledKeys(b)]
  return (
    left.length === right.length && left.every((key) => isSameDocument((a as Loose)[key], (b as Loose)[key]))
  )
}

type Loose = Record<string, unknown>
const filledKeys = (value: object): string[] =>
  Object.keys(value).filter((key) => (value as Loose)[key] !== undefined)
