import { type CST, type Document, type LineCounter, Parser, parseAllDocuments } from 'yaml'

/** Deeper than any document may be; the reader of YAML recurses, and must not run out of stack. */
const MOST_LEVELS = 200

/** The documents of a text, or undefined when it is nested too deeply to be read. JSON is YAML. */
export function readYaml(text: string, lineCounter?: LineCounter): Document.Parsed[] | undefined {
  if (isTooDeep(text)) return undefined
  const documents = parseAllDocuments(text, { logLevel: 'silent', ...(lineCounter && { lineCounter }) })
  return 'empty' in documents ? [] : documents
}

type Level = { token: CST.Token; depth: number }

function isTooDeep(text: string): boolean {
  const left: Level[] = []
  for (const token of new Parser().parse(text)) left.push({ token, depth: 0 })
  for (let level = left.pop(); level !== undefined; level = left.pop()) {
    if (level.depth > MOST_LEVELS) return true
    for (const token of childrenOf(level.token)) left.push({ token, depth: level.depth + 1 })
  }
  return false
}

function childrenOf(token: CST.Token): CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value]
  if (!('items' in token)) return []
  return token.items.flatMap(({ key, value }) => [key, value].filter((one) => one != null))
}
