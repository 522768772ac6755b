import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  stringify,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { formatOf } from './read-document.ts'
import { readYaml } from './yaml-text.ts'

type Json = Record<string, unknown>

/** What stands first in a file that Fairway writes; the database keeps no order of keys. */
const FIRST = [
  '$schema',
  'apiVersion',
  'kind',
  'ref',
  'name',
  'description',
  'arguments',
  'options',
  'triggers',
  'type',
]

/**
 * The text of a file for a document. An existing file keeps its format, its indentation, the order of its keys and, in
 * YAML, its comments; the `gitops` field that it may have stays as it is.
 */
export function writeDocument(path: string, old: string | null, document: Json): string {
  const before = old?.replace(/^\uFEFF/, '') ?? null
  const text =
    formatOf(path, before ?? undefined) === 'json' ? writeJson(before, document) : writeYaml(before, document)
  return before?.includes('\r\n') ? text.replaceAll(/\r?\n/g, '\r\n') : text
}

function writeJson(old: string | null, document: Json): string {
  const before = old === null ? undefined : readOr(old, JSON.parse)
  const indent = (old === null ? undefined : /\n([ \t]+)\S/.exec(old)?.[1]) ?? '  '
  return `${JSON.stringify(inOrderOf(before, withLink(before, document)), null, indent)}\n`
}

function writeYaml(old: string | null, document: Json): string {
  const kept = old === null ? undefined : editable(old)
  const options = {
    lineWidth: 0,
    indent: indentOf(old ?? ''),
    indentSeq: !/^(\s*)\S.*:[ \t]*\r?\n\1- /m.test(old ?? ''),
  }
  if (kept === undefined) {
    const before = old === null ? undefined : readOr(old, (text) => readYaml(text)?.[0]?.toJS())
    return stringify(inOrderOf(before, withLink(before, document)), options)
  }
  const wanted = withLink(kept.toJS(), document)
  kept.contents = merged(kept, kept.contents, wanted) as typeof kept.contents
  return kept.toString(options)
}

/** A file that was not valid is replaced as a whole. */
function readOr(text: string, read: (text: string) => unknown): unknown {
  try {
    return read(text)
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof ReferenceError) return undefined
    throw error
  }
}

/** Undefined where an edit in place could change other places too, or where there is nothing sound to edit. */
function editable(text: string): Document | undefined {
  const [document, more] = readYaml(text.replaceAll('\r\n', '\n')) ?? []
  if (document === undefined || more !== undefined) return undefined
  if (document.errors.length > 0 || !isMap(document.contents)) return undefined
  let hasAlias = false
  visit(document, {
    Alias: () => {
      hasAlias = true
      return visit.BREAK
    },
  })
  return hasAlias ? undefined : document
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const withLink = (before: unknown, document: Json): Json =>
  isObject(before) && before.gitops !== undefined ? { ...document, gitops: before.gitops } : document

const indentOf = (text: string): number => {
  const found = /:[ \t]*\r?\n( +)[^\s#-]/.exec(text)?.[1]?.length ?? 2
  return found >= 1 && found <= 8 ? found : 2
}

/** The same value with its keys in the order in which they stood before; new ones follow. */
function inOrderOf(before: unknown, value: unknown): unknown {
  if (Array.isArray(value))
    return value.map((item, index) => inOrderOf(Array.isArray(before) ? before[index] : undefined, item))
  if (!isObject(value)) return value
  const known: Json = isObject(before) ? before : {}
  return Object.fromEntries(orderedKeys(known, value).map((key) => [key, inOrderOf(known[key], value[key])]))
}

function orderedKeys(before: Json, value: Json): string[] {
  const first = Object.keys(before).filter((key) => Object.hasOwn(value, key))
  const rest = Object.keys(value).filter((key) => !first.includes(key))
  const known = FIRST.filter((key) => rest.includes(key))
  const last = rest.filter((key) => !known.includes(key) && key !== 'spec')
  return [...first, ...known, ...last, ...(rest.includes('spec') ? ['spec'] : [])]
}

/** The node with this value, changed only where it differs, so that comments stay. */
function merged(document: Document, node: unknown, value: unknown): unknown {
  if (isMap(node) && isObject(value)) return mergedMap(document, node, value)
  if (isSeq(node) && Array.isArray(value)) return mergedList(document, node, value)
  if (isScalar(node) && node.value === value) return node
  return document.createNode(inOrderOf(undefined, value))
}

function mergedMap(document: Document, node: YAMLMap, value: Json): YAMLMap {
  node.items = node.items.filter(({ key }) => Object.hasOwn(value, nameOf(key)))
  for (const pair of node.items) pair.value = merged(document, pair.value, value[nameOf(pair.key)])
  const had = new Set(node.items.map(({ key }) => nameOf(key)))
  for (const key of orderedKeys({}, value))
    if (!had.has(key)) node.items.push(document.createPair(key, inOrderOf(undefined, value[key])) as Pair)
  return node
}

function mergedList(document: Document, node: YAMLSeq, value: readonly unknown[]): YAMLSeq {
  node.items = value.map((item, index) => merged(document, node.items[index], item))
  return node
}

const nameOf = (key: unknown): string => String(isScalar(key) ? key.value : key)
