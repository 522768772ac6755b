const WORD = /(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)|([^\s"'\\]+))(\s*)/gs

/**
 * Splits a command line into its arguments: blanks separate, single and double quotes keep together, a backslash
 * takes the next character as it is; within double quotes it does so for `"`, `\`, `$` and a backtick only, as in a
 * shell. Nothing is expanded: no shell runs it.
 */
export function splitCommand(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  for (const [, double, single, escaped, plain, blank] of line.trim().matchAll(WORD)) {
    word = (word ?? '') + (double?.replace(/\\([\\"$`])/g, '$1') ?? single ?? escaped ?? plain ?? '')
    if (blank === '') continue
    words.push(word)
    word = undefined
  }
  return word === undefined ? words : [...words, word]
}

/** Whether every quote is closed and every backslash has a character to take. */
export const isWholeCommand = (line: string): boolean => line.trim().replace(WORD, '') === ''
