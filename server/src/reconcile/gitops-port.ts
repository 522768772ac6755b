/** The file of a linked document at one commit. `refused`: something that no document may be read from or written over. */
export type RemoteFile =
  | { kind: 'absent' }
  | { kind: 'refused'; blob: string; why: string }
  | { kind: 'file'; blob: string; text: string }

/** The tip of a branch, open for reading one file and for committing it. */
export type OpenBranch = {
  sha: string
  /** Who wrote the commit. */
  author: string
  file: RemoteFile
  /** Makes a commit on top that holds the file with this text; nothing leaves this machine yet. */
  commit(change: FileCommit): Promise<{ commit: string; blob: string }>
  /** Pushes it, unless the branch has moved since. The same commit may be pushed again. */
  push(commit: string): Promise<PushResult>
}

/** `moved`: the branch is not where it was when it was opened. */
export type PushResult = { ok: true } | { ok: false; moved: boolean; why: string }

export type FileCommit = { text: string; message: string; author: string; at: Date }

export type BranchRequest = { url: string; branch: string; path: string; signal: AbortSignal }

/** Reads and writes single files of repositories with git. */
export type DocumentRepository = {
  /** Fails with `repository_unreachable`, `commit_not_found` (there is no such branch) or `invalid_git_url`. */
  withBranch<T>(request: BranchRequest, work: (branch: OpenBranch) => Promise<T>): Promise<T>
}

export const MAX_DOCUMENT_FILE_BYTES = 1_000_000
