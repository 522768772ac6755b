/** Whether a name fits a pattern in which `*` stands for any characters, none and `/` included. Takes linear time. */
export function fitsPattern(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  if (rest.length === 0) return name === pattern
  const last = rest.pop() ?? ''
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last))
    return false
  const end = name.length - last.length
  let at = first.length
  for (const part of rest) {
    const found = name.indexOf(part, at)
    if (found === -1 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

export const fitsAny = (patterns: readonly string[], name: string): boolean =>
  patterns.some((pattern) => fitsPattern(pattern, name))
