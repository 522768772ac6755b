import type { GitopsView } from '@fairway/contract/routes/gitops'
import type { GitopsLinkRow } from '../db/gitops-links.ts'
import { writeDocument } from '../operations/gitops/write-document.ts'

export type LinkedVersion = { version: number; document: Record<string, unknown> }

/** How a document and its file stand; with both texts while a person must decide. */
export function gitopsViewOf(link: GitopsLinkRow, document: LinkedVersion): GitopsView {
  const { vcsService, accountLogin, vcsLinkId, repoUrl, branch, filePath } = link.settings
  const account = accountLogin ?? vcsLinkId
  return {
    ...(vcsService !== undefined && { vcsService }),
    ...(account !== undefined && { accountLogin: account }),
    repoUrl,
    branch,
    filePath,
    state: link.state,
    message: link.message,
    line: link.line,
    lastCommitSeen: link.head_sha,
    lastApplied: link.base_version === null ? null : { commit: link.base_sha, version: link.base_version },
    checkedAt: link.checked_at?.toISOString() ?? null,
    sides: link.state === 'conflict' || link.state === 'invalid' ? sidesOf(link, document) : null,
  }
}

const sidesOf = (link: GitopsLinkRow, { version, document }: LinkedVersion) => ({
  git: { commit: link.head_sha, text: link.seen_text },
  fairway: { version, text: writeDocument(link.settings.filePath, link.seen_text, document) },
})
