import type { GitopsSide } from '@fairway/contract/resources/gitops'
import { transaction } from '../../db/db.ts'
import { requireLink } from '../../operations/gitops/link.ts'
import { resolveConflict, syncNow } from '../../operations/gitops/resolve.ts'
import { requireTemplate } from '../../operations/templates/get.ts'
import type { ApiDeps } from '../deps.ts'
import { gitopsViewOf } from '../gitops-view.ts'
import { defineRoute, type Route } from '../route.ts'
import { type Contract, keyOf, type Place } from './contract.ts'

type Request = {
  params: Place & { templateId: string }
  body: { commit?: string | undefined } | undefined
  actor: { id: string }
}

async function decide({ params, body, actor }: Request, { db }: ApiDeps, take: GitopsSide) {
  const decision = { key: keyOf(params), take, commit: body?.commit, actor: actor.id }
  await transaction(db, (tx) => resolveConflict(tx, decision))
  return {}
}

/** How templates and their files in git stand, and who wins when both were changed. */
export const gitopsRoutes = (contract: Contract): Route[] => [
  defineRoute(contract.gitops, async ({ params }, { db }) => {
    const { version, document } = await requireTemplate(db, keyOf(params))
    return gitopsViewOf(await requireLink(db, keyOf(params)), {
      version: version ?? 0,
      document: document ?? {},
    })
  }),
  defineRoute(contract.sync, async ({ params }, { db }) => {
    await requireTemplate(db, keyOf(params))
    await transaction(db, (tx) => syncNow(tx, keyOf(params)))
    return {}
  }),
  defineRoute(contract.takeGit, (request, deps) => decide(request, deps, 'git')),
  defineRoute(contract.takeFairway, (request, deps) => decide(request, deps, 'fairway')),
]
