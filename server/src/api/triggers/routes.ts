import { invalid, notFound } from '@fairway/contract/errors'
import * as contract from '@fairway/contract/routes/trigger-event'
import { transaction } from '../../db/db.ts'
import { findGitAccount } from '../../db/git-accounts.ts'
import { findTriggerView, listDeliveryViews, listTriggerViews } from '../../db/trigger-views.ts'
import { requireProject } from '../../operations/projects/require.ts'
import { replayDelivery, replayTrigger } from '../../operations/triggers/replay.ts'
import { pageOf } from '../page.ts'
import { defineRoute } from '../route.ts'
import { deliveryViewOf, triggerViewOf } from './view.ts'

type Watched = { service?: string | undefined; job?: string | undefined; releaseFlow?: string | undefined }

function watcherOf({ service, job, releaseFlow }: Watched) {
  const named = Object.entries({ service, job, 'release-flow': releaseFlow }).flatMap(([kind, id]) =>
    id === undefined ? [] : [{ kind, id }],
  )
  if (named.length > 1) throw invalid('service', 'name one service, job or release flow')
  return named[0]
}

export const triggerRoutes = [
  defineRoute(contract.listTriggers, async ({ params: { projectId }, query, page }, { db }) => {
    await requireProject(db, projectId)
    const filter = {
      projectId,
      watcher: watcherOf(query),
      source: query.source,
      ...(query.verdict !== undefined && { started: query.verdict === 'started' }),
    }
    return pageOf(await listTriggerViews(db, filter, page), page, (rows) => ({
      triggers: rows.map(triggerViewOf),
    }))
  }),

  defineRoute(contract.getTrigger, async ({ params: { projectId, triggerId } }, { db }) => {
    const row = await findTriggerView(db, { projectId, id: triggerId })
    if (row === undefined) throw notFound('trigger event', triggerId)
    return { ...triggerViewOf(row), event: row.event, headers: row.headers, bodyBytes: row.body_bytes }
  }),

  defineRoute(contract.replayTrigger, ({ params, actor }, { db }) =>
    transaction(db, (tx) => replayTrigger(tx, { ...params, actor: actor.id })),
  ),

  defineRoute(contract.replayDelivery, ({ params, actor }, { db }) =>
    transaction(db, (tx) => replayDelivery(tx, { ...params, actor: actor.id })),
  ),

  defineRoute(contract.listDeliveries, async ({ params: { accountId }, page }, { db }) => {
    const account = await findGitAccount(db, accountId)
    if (account === undefined) throw notFound('git account', accountId)
    return pageOf(await listDeliveryViews(db, account.webhook_id, page), page, (rows) => ({
      triggers: rows.map(deliveryViewOf),
    }))
  }),
]
