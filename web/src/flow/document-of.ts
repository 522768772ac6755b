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
