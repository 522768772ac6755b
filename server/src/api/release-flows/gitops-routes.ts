import type { GitopsSide } from '@fairway/contract/resources/gitops'
import * as contract from '@fairway/contract/routes/gitops'
import { transaction } from '../../db/db.ts'
import type { GitopsLinkRow } from '../../db/gitops-links.ts'
import type { ReleaseFlowRow } from '../../db/release-flows.ts'
import { requireReleaseFlow } from '../../operations/flows/get.ts'
import { requireFlowLink } from '../../operations/gitops/link.ts'
import { type Resolution, resolveConflict, syncNow } from '../../operations/gitops/resolve.ts'
import { writeDocument } from '../../operations/gitops/write-document.ts'
import type { ApiDeps } from '../deps.ts'
import { defineRoute } from '../route.ts'

function viewOf(link: GitopsLinkRow, flow: ReleaseFlowRow): contract.GitopsView {
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
    sides: link.state === 'conflict' || link.state === 'invalid' ? sidesOf(link, flow) : null,
  }
}

const sidesOf = (link: GitopsLinkRow, { version, document }: ReleaseFlowRow) => ({
  git: { commit: link.head_sha, text: link.seen_text },
  fairway: { version, text: writeDocument(link.settings.filePath, link.seen_text, document) },
})

type Decision = Omit<Resolution, 'take' | 'commit' | 'actor'>

async function decide(
  {
    params,
    body,
    actor,
  }: { params: Decision; body: { commit?: string | undefined } | undefined; actor: { id: string } },
  { db }: ApiDeps,
  take: GitopsSide,
): Promise<Record<string, never>> {
  const decision = { ...params, take, commit: body?.commit, actor: actor.id }
  await transaction(db, (tx) => resolveConflict(tx, decision))
  return {}
}

export const gitopsRoutes = [
  defineRoute(contract.getGitops, async ({ params }, { db }) => {
    const flow = await requireReleaseFlow(db, params)
    return viewOf(await requireFlowLink(db, params), flow)
  }),
  defineRoute(contract.syncGitops, async ({ params }, { db }) => {
    await transaction(db, (tx) => syncNow(tx, params))
    return {}
  }),
  defineRoute(contract.takeGit, (request, deps) => decide(request, deps, 'git')),
  defineRoute(contract.takeFairway, (request, deps) => decide(request, deps, 'fairway')),
]
