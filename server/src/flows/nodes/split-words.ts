/**
 * Splits a command line into words as a shell would, and does nothing else of a shell: quotes and backslashes group,
 * but no variables, pipes or globs mean anything.
 */
export function splitWords(line: string): string[] {
  const words: string[] = []
  const pattern = /\s*((?:[^\s'"\\]|\\[\s\S]|'[^']*'|"(?:[^"\\]|\\[\s\S])*"|['"\\])+)/g
  for (const match of line.matchAll(pattern)) words.push(unquoted(match[1] ?? ''))
  return words
}

const unquoted = (word: string): string =>
  word.replace(
    /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])/g,
    (_, single?: string, double?: string, escaped?: string) =>
      single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? '',
  )
