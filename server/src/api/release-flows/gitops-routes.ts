import type { GitopsSide } from '@fairway/contract/resources/gitops'
import * as contract from '@fairway/contract/routes/gitops'
import { transaction } from '../../db/db.ts'
import type { FlowKey } from '../../db/release-flows.ts'
import { requireReleaseFlow } from '../../operations/flows/get.ts'
import { requireLink } from '../../operations/gitops/link.ts'
import { resolveConflict, syncNow } from '../../operations/gitops/resolve.ts'
import type { ApiDeps } from '../deps.ts'
import { gitopsViewOf } from '../gitops-view.ts'
import { defineRoute } from '../route.ts'

type Decision = FlowKey

async function decide(
  {
    params,
    body,
    actor,
  }: { params: Decision; body: { commit?: string | undefined } | undefined; actor: { id: string } },
  { db }: ApiDeps,
  take: GitopsSide,
): Promise<Record<string, never>> {
  const decision = { key: params, take, commit: body?.commit, actor: actor.id }
  await transaction(db, (tx) => resolveConflict(tx, decision))
  return {}
}

export const gitopsRoutes = [
  defineRoute(contract.getGitops, async ({ params }, { db }) => {
    const flow = await requireReleaseFlow(db, params)
    return gitopsViewOf(await requireLink(db, params), flow)
  }),
  defineRoute(contract.syncGitops, async ({ params }, { db }) => {
    await transaction(db, (tx) => syncNow(tx, params))
    return {}
  }),
  defineRoute(contract.takeGit, (request, deps) => decide(request, deps, 'git')),
  defineRoute(contract.takeFairway, (request, deps) => decide(request, deps, 'fairway')),
]
