import { isDeepStrictEqual } from 'node:util'
import type { GitopsSide, GitopsState } from '@fairway/contract/resources/gitops'

/** The file as it was read. `blob` is git's id of its content; null: there is no such file. */
export type SeenFile =
  | { kind: 'absent'; blob: null }
  | { kind: 'invalid'; blob: string; why: string; line?: number | undefined; canBeReplaced: boolean }
  | { kind: 'document'; blob: string; document: Record<string, unknown> }

/** A file and a version that hold the same document; the blob is null while there is no file. */
export type CommonBase = { blob: string; version: number }

export type SyncFacts = {
  /** Undefined: nothing was ever the same on both sides, the link is new. */
  base: CommonBase | undefined
  /** A push that was begun and of which nobody noted that it ended. */
  pushing: CommonBase | undefined
  /** How a person decided between this file and this version. */
  decision: { take: GitopsSide; blob: string | null; version: number } | undefined
  version: number
  document: Record<string, unknown>
  file: SeenFile
}

export type SyncPlan =
  /** The file becomes a new version. */
  | { kind: 'pull'; document: Record<string, unknown>; blob: string }
  /** The document becomes a commit. */
  | { kind: 'push' }
  /** Both sides hold the same. */
  | { kind: 'same'; base: CommonBase }
  /** A person must act. */
  | {
      kind: 'stop'
      state: Extract<GitopsState, 'conflict' | 'invalid'>
      why: string
      line?: number | undefined
    }

/** What brings a document and its file together, or why only a person can. Whoever changed alone wins. */
export function planSync(facts: SyncFacts): SyncPlan {
  const { file, version, pushing } = facts
  const base = pushing !== undefined && file.blob === pushing.blob ? pushing : facts.base
  if (base === undefined) return planFirst(facts)
  const gitMoved = file.blob !== base.blob
  const ownMoved = version !== base.version
  if (!gitMoved) return ownMoved ? { kind: 'push' } : { kind: 'same', base }
  if (isSame(facts)) return { kind: 'same', base: { blob: file.blob ?? '', version } }
  return planChanged(facts, ownMoved)
}

/** A file that exists when the link is made wins over the document, which stays as an older version. */
function planFirst(facts: SyncFacts): SyncPlan {
  const { file, version } = facts
  if (file.kind === 'absent') return { kind: 'push' }
  if (isSame(facts)) return { kind: 'same', base: { blob: file.blob, version } }
  return decided(facts) === 'fairway' && isReplaceable(file) ? { kind: 'push' } : pull(file)
}

function planChanged(facts: SyncFacts, ownMoved: boolean): SyncPlan {
  const { file } = facts
  const take = decided(facts)
  if (take === 'fairway' && isReplaceable(file)) return { kind: 'push' }
  if (file.kind === 'absent') {
    const why = 'The file was deleted from the branch. Take Fairway to write it again, or remove the link.'
    return { kind: 'stop', state: 'conflict', why }
  }
  if (!ownMoved || take === 'git' || !isReplaceable(file)) return pull(file)
  const also = file.kind === 'invalid' ? ` The file is also not valid: ${file.why}` : ''
  const why = `The file and the document were both changed. Take git or take Fairway.${also}`
  return { kind: 'stop', state: 'conflict', why, ...(file.kind === 'invalid' && { line: file.line }) }
}

const isSame = ({ file, document }: SyncFacts): boolean =>
  file.kind === 'document' && isDeepStrictEqual(file.document, document)

const isReplaceable = (file: SeenFile): boolean => file.kind !== 'invalid' || file.canBeReplaced

function decided({ decision, file, version }: SyncFacts): GitopsSide | undefined {
  return decision?.blob === file.blob && decision?.version === version ? decision.take : undefined
}

function pull(file: Exclude<SeenFile, { kind: 'absent' }>): SyncPlan {
  if (file.kind === 'document') return { kind: 'pull', document: file.document, blob: file.blob }
  return { kind: 'stop', state: 'invalid', why: file.why, line: file.line }
}
