/** What a registry asks for in `WWW-Authenticate`. */
export type Challenge =
  | { scheme: 'basic' }
  | { scheme: 'bearer'; realm: string; service?: string; scope?: string }

/** The first challenge of a header that this client can answer: a bearer token, or a password. */
export function parseChallenge(header: string | null): Challenge | undefined {
  if (header === null) return undefined
  const bearer = /(?:^|,)\s*bearer\s+(.*)$/is.exec(header)
  if (bearer !== null) {
    const { realm, service, scope } = parametersOf(bearer[1] ?? '')
    if (realm !== undefined) {
      return { scheme: 'bearer', realm, ...(service && { service }), ...(scope && { scope }) }
    }
  }
  return /(?:^|,)\s*basic\b/i.test(header) ? { scheme: 'basic' } : undefined
}

const PARAMETER = /([a-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi

function parametersOf(text: string): Record<string, string | undefined> {
  const found: Record<string, string | undefined> = {}
  for (const [, name = '', quoted, bare] of text.matchAll(PARAMETER)) {
    found[name.toLowerCase()] ??= quoted?.replaceAll(/\\(.)/g, '$1') ?? bare
  }
  return found
}
