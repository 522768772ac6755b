/**
 * Which of a resource's own plain variables are secrets, by their look. Groups say it themselves (`type: secret`);
 * own variables hold both passwords and things like NODE_ENV, and blanking the latter would make logs unreadable.
 */
const SENSITIVE_NAME = /pass|secret|token|key|credential|private|auth|dsn|salt|cert|signature/i
const URL_PASSWORD = /[a-z][a-z0-9+.-]*:\/\/[^\s:@/]*:([^\s@/]+)@/gi

const MIN_SECRET_LENGTH = 6

/** The parts of the value that must never be shown: the whole value, or the password inside a URL. */
export function secretPartsOf(name: string, value: string): string[] {
  const passwords = [...value.matchAll(URL_PASSWORD)].flatMap((match) => decoded(match[1] ?? ''))
  const whole = SENSITIVE_NAME.test(name) || passwords.length > 0 || looksRandom(value) ? [value] : []
  return [...whole, ...passwords].filter((part) => part.length >= MIN_SECRET_LENGTH)
}

/** Sixteen characters or more without blanks, holding letters and digits, that are no path, URL or version. */
function looksRandom(value: string): boolean {
  if (value.length < 16 || /[\s/:]/.test(value)) return false
  return /[0-9]/.test(value) && /[a-zA-Z]/.test(value) && !/^v?\d+(\.\d+)+/.test(value)
}

function decoded(part: string): string[] {
  try {
    return [part, decodeURIComponent(part)]
  } catch (error) {
    if (error instanceof URIError) return [part]
    throw error
  }
}
