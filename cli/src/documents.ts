import { readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import type { Json } from './client.ts'
import { CliError, exitCodes } from './exit.ts'

/** Every document of a JSON or YAML file; `-` is standard input. Errors name line and column. */
export function readDocuments(path: string): Json[] {
  const text = readText(path)
  const documents = parseAllDocuments(text)
  if ('empty' in documents) return []
  return documents.map((document) => {
    const problem = document.errors[0]
    if (problem !== undefined) throw new CliError(exitCodes.usage, `${path}: ${problem.message.trim()}`)
    return document.toJS() as Json
  })
}

/** Exactly one document. */
export function readDocument(path: string): Json {
  const [document, ...more] = readDocuments(path)
  if (document === undefined || more.length > 0) {
    throw new CliError(
      exitCodes.usage,
      `${path} must hold exactly one document, it holds ${more.length + (document ? 1 : 0)}.`,
    )
  }
  return document
}

function readText(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8')
  } catch (error) {
    throw new CliError(exitCodes.usage, `${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
