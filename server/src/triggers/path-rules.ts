import ignore from 'ignore'

/** What the changed files say: the file that starts, or none and what held each back. */
export type PathAnswer = { starts: true; file?: string } | { starts: false; file?: string; rule?: string }

type Rules = { rules: readonly string[]; isAllowList: boolean }

/**
 * Judges changed files by rules in .gitignore syntax. An ignore list holds a start back when it matches every changed
 * file, an allow list when it matches none. No change at all passes an ignore list and not an allow list.
 */
export function judgePaths({ rules, isAllowList }: Rules, files: readonly string[]): PathAnswer {
  if (rules.length === 0) return { starts: true }
  const ignores = literalMatcher(rules) ?? libraryMatcher(rules)
  const file = files.find((path) => ignores(path) === isAllowList)
  if (file !== undefined) return { starts: true, file }
  const [first] = files
  if (first === undefined) return { starts: !isAllowList }
  if (isAllowList) return { starts: false, file: first }
  const rule = ruleFor(rules, first)
  return { starts: false, file: first, ...(rule !== undefined && { rule }) }
}

type Matcher = (path: string) => boolean

/** git on the platforms that build tells upper from lower case. */
function libraryMatcher(rules: readonly string[]): Matcher {
  const matcher = ignore({ ignorecase: false }).add([...rules])
  return (path) => matcher.ignores(path)
}

const LITERAL = /^\/?[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*(\/(\*\*)?)?$/

/**
 * The same for the rules that nearly everybody writes, plain names and folders, at a hundredth of the cost: a push may
 * change thousands of files that a thousand services judge. Undefined when a rule says more than that.
 */
function literalMatcher(rules: readonly string[]): Matcher | undefined {
  if (!rules.every((rule) => LITERAL.test(rule))) return undefined
  const matchers = rules.map(literalRule)
  return (path) => matchers.some((matches) => matches(path))
}

function literalRule(rule: string): Matcher {
  const isContent = rule.endsWith('/**')
  const isFolder = isContent || rule.endsWith('/')
  const name = rule.replace(/\/(\*\*)?$/, '').replace(/^\//, '')
  const isAnchored = rule.startsWith('/') || name.includes('/') || isContent
  if (isAnchored)
    return (path) => path.startsWith(name) && (path[name.length] === '/' || (!isFolder && path === name))
  const inside = `/${name}/`
  return (path) => `/${path}${isFolder ? '' : '/'}`.includes(inside)
}

/** The rule that decided: the last one after which the file is ignored, and no longer not. */
function ruleFor(rules: readonly string[], file: string): string | undefined {
  let low = 0
  for (let count = 1; count <= rules.length; count += 1) {
    if (!libraryMatcher(rules.slice(0, count))(file)) low = count
  }
  return rules[low]
}
