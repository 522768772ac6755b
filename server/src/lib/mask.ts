/**
 * Knows every secret value that the server handled and blanks it out of any text on its way out: logs, events,
 * errors, API bodies. Values shorter than `MIN_LENGTH` are not masked: they would blank ordinary words.
 */
export type Masker = {
  add(value: string): void
  mask(text: string): string
}

const MIN_LENGTH = 5
const MASK = '••••••'

export function createMasker(): Masker {
  const values = new Set<string>()
  let pattern: RegExp | undefined
  return {
    add: (value) => {
      for (const form of formsOf(value)) {
        if (form.length < MIN_LENGTH || values.has(form)) continue
        values.add(form)
        pattern = undefined
      }
    },
    mask: (text) => {
      if (values.size === 0) return text
      pattern ??= patternOf(values)
      return text.replace(pattern, MASK)
    },
  }
}

/** A value also leaks line by line, percent-encoded, as base64, or as JSON would quote it. */
function formsOf(value: string): string[] {
  const lines = value.includes('\n') ? value.split('\n').map((line) => line.trim()) : []
  const quoted = JSON.stringify(value).slice(1, -1)
  return [value, ...lines, quoted, percentEncoded(value), Buffer.from(value).toString('base64')]
}

// Through a buffer, because half a surrogate pair cannot be percent-encoded.
const percentEncoded = (value: string): string => encodeURIComponent(Buffer.from(value).toString())

// Longest first, so that a secret that contains another one is blanked as a whole.
function patternOf(values: ReadonlySet<string>): RegExp {
  const sorted = [...values].sort((a, b) => b.length - a.length)
  return new RegExp(sorted.map(escaped).join('|'), 'g')
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
