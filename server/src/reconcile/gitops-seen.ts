import { readDocument } from '../operations/gitops/read-document.ts'
import type { SeenFile } from './gitops-plan.ts'
import type { RemoteFile } from './gitops-port.ts'

/** A file as it was read, and where in it something stands. */
export type Seen = {
  file: SeenFile
  text: string | null
  lineOf(path: string): number | undefined
}

const nowhere = (): undefined => undefined

/** The document in a file. What says where the file lies, and overrides, are no part of it. */
export function seenFile(path: string, remote: RemoteFile): Seen {
  if (remote.kind === 'absent') return { file: { kind: 'absent', blob: null }, text: null, lineOf: nowhere }
  const { blob } = remote
  if (remote.kind === 'refused')
    return {
      file: { kind: 'invalid', blob, why: remote.why, canBeReplaced: false },
      text: null,
      lineOf: nowhere,
    }
  const { text } = remote
  const read = readDocument(path, text)
  if (!read.ok)
    return {
      file: { kind: 'invalid', blob, why: read.why, line: read.line, canBeReplaced: true },
      text,
      lineOf: nowhere,
    }
  const { gitops: _place, argumentOverrides: _overrides, ...document } = read.value
  return { file: { kind: 'document', blob, document }, text, lineOf: read.lineOf }
}
