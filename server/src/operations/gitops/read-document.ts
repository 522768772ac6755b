import { isMap, isScalar, isSeq, LineCounter, type Node } from 'yaml'
import { readYaml } from './yaml-text.ts'

export type ReadDocument =
  | {
      ok: true
      value: Record<string, unknown>
      /** The line of a dotted path, or of the nearest place above it that is written down. */
      lineOf(path: string): number | undefined
    }
  | { ok: false; why: string; line?: number | undefined }

export type FileFormat = 'json' | 'yaml'

/** By the ending of its name; else by its first character. */
export function formatOf(path: string, text = '{'): FileFormat {
  if (/\.json$/i.test(path)) return 'json'
  if (/\.ya?ml$/i.test(path)) return 'yaml'
  return text.trimStart().startsWith('{') ? 'json' : 'yaml'
}

/** Reads a document out of a file. What is wrong with it is answered with its line. */
export function readDocument(path: string, text: string): ReadDocument {
  const content = text.replace(/^\uFEFF/, '')
  if (content.includes('\uFFFD') || content.includes('\0'))
    return { ok: false, why: 'The file is not UTF-8 text.' }
  const read = parse(formatOf(path, content), content)
  if (!read.ok) return read
  const { value } = read
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { ok: false, why: 'The file must hold an object.', line: 1 }
  const inGit = (value as Record<string, unknown>).argumentOverrides
  if (inGit !== undefined && !isEmpty(inGit)) {
    const line = lineIn(content, ['argumentOverrides'])
    return {
      ok: false,
      why: 'argumentOverrides never come from git: remove them, and give them in Fairway.',
      line,
    }
  }
  return { ok: true, value: value as Record<string, unknown>, lineOf: (at) => lineIn(content, at.split('.')) }
}

const isEmpty = (value: unknown): boolean =>
  value === null || (typeof value === 'object' && Object.keys(value).length === 0)

type Parsed = { ok: true; value: unknown } | Extract<ReadDocument, { ok: false }>

const parse = (format: FileFormat, text: string): Parsed =>
  format === 'json' ? parseJson(text) : parseYaml(text)

function parseJson(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch (error) {
    const { message } = error as Error
    const [what] = message.split(/,? (?:"|\.\.\.|in JSON|is not valid JSON)/)
    return { ok: false, why: `The file is not valid JSON: ${what}.`, line: jsonErrorLine(text, message) }
  }
}

/** V8 tells the place as an offset, and not always; the reader of YAML stumbles over the same place. */
function jsonErrorLine(text: string, message: string): number | undefined {
  const place = /position (\d+)/.exec(message)?.[1]
  if (place !== undefined)
    return text.slice(0, Math.min(Number(place), text.trimEnd().length)).split('\n').length
  const [document] = readYaml(text) ?? []
  return document === undefined ? 1 : document.errors[0]?.linePos?.[0].line
}

function parseYaml(text: string): Parsed {
  try {
    const documents = readYaml(text)
    if (documents === undefined) return { ok: false, why: 'The file is nested too deeply.' }
    const [document, more] = documents
    if (document === undefined) return { ok: false, why: 'The file is empty.', line: 1 }
    const [problem] = document.errors
    if (problem !== undefined) {
      const why = problem.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '')
      return { ok: false, why: `The file is not valid YAML: ${why}.`, line: problem.linePos?.[0].line }
    }
    if (more !== undefined) {
      const line = text.slice(0, more.range[0]).split('\n').length
      return { ok: false, why: 'The file holds more than one document.', line }
    }
    return { ok: true, value: document.toJS() }
  } catch (error) {
    // Aliases that would unfold without end.
    if (error instanceof ReferenceError)
      return { ok: false, why: `The file is not valid YAML: ${error.message}.` }
    throw error
  }
}

/** JSON is YAML: one reader tells the places of both. */
function lineIn(text: string, path: readonly string[]): number | undefined {
  const counter = new LineCounter()
  const offset = offsetOf(readYaml(text, counter)?.[0]?.contents, path)
  return offset === undefined ? undefined : counter.linePos(offset).line
}

function offsetOf(root: unknown, path: readonly string[]): number | undefined {
  let node = root
  let offset = (root as Node | null | undefined)?.range?.[0]
  for (const part of path) {
    const next = childOf(node, part)
    if (next === undefined) return offset
    node = next.value
    offset = next.offset ?? offset
  }
  return offset
}

function childOf(node: unknown, part: string): { value: unknown; offset: number | undefined } | undefined {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => (isScalar(key) ? String(key.value) === part : false))
    return pair && { value: pair.value, offset: (pair.key as Node).range?.[0] }
  }
  if (!isSeq(node)) return undefined
  const value = node.items[Number(part)]
  return value === undefined ? undefined : { value, offset: (value as Node).range?.[0] }
}
