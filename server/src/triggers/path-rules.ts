import ignore, { type Ignore } from 'ignore'

/** What the changed files say: the file that starts, or none and what held each back. */
export type PathAnswer = { starts: true; file?: string } | { starts: false; file?: string; rule?: string }

type Rules = { rules: readonly string[]; isAllowList: boolean }

/**
 * Judges changed files by rules in .gitignore syntax. An ignore list holds a start back when it matches every changed
 * file, an allow list when it matches none. No change at all passes an ignore list and not an allow list.
 */
export function judgePaths({ rules, isAllowList }: Rules, files: readonly string[]): PathAnswer {
  if (rules.length === 0) return { starts: true }
  const matcher = matcherOf(rules)
  const file = files.find((path) => matcher.ignores(path) === isAllowList)
  if (file !== undefined) return { starts: true, file }
  const [first] = files
  if (first === undefined) return { starts: !isAllowList }
  if (isAllowList) return { starts: false, file: first }
  const rule = ruleFor(rules, first)
  return { starts: false, file: first, ...(rule !== undefined && { rule }) }
}

/** git on the platforms that build tells upper from lower case. */
const matcherOf = (rules: readonly string[]): Ignore => ignore({ ignorecase: false }).add([...rules])

/** The rule that decided: the last one after which the file is ignored, and no longer not. */
function ruleFor(rules: readonly string[], file: string): string | undefined {
  let low = 0
  for (let count = 1; count <= rules.length; count += 1) {
    if (!matcherOf(rules.slice(0, count)).ignores(file)) low = count
  }
  return rules[low]
}
