import { notFound } from '@fairway/contract/errors'
import * as contract from '@fairway/contract/routes/release-flows'
import { type FlowVersionRow, findFlowVersion, listFlowVersions } from '../../db/release-flows.ts'
import { requireReleaseFlow } from '../../operations/flows/get.ts'
import { pageOf } from '../page.ts'
import { defineRoute } from '../route.ts'

const itemOf = (row: FlowVersionRow, current: number) => ({
  version: row.version,
  current: row.version === current,
  createdAt: row.created_at.toISOString(),
  ...(row.created_by !== null && { createdBy: row.created_by }),
  ...(row.commit_sha !== null && { commit: row.commit_sha }),
})

/** What flows said before. */
export const flowVersionRoutes = [
  defineRoute(contract.listFlowVersions, async ({ params, page }, { db }) => {
    const { version } = await requireReleaseFlow(db, params)
    const rows = await listFlowVersions(db, params, page)
    return pageOf(rows, page, (shown) => ({ versions: shown.map((row) => itemOf(row, version)) }))
  }),
  defineRoute(contract.getFlowVersion, async ({ params }, { db }) => {
    const flow = await requireReleaseFlow(db, params)
    const row = await findFlowVersion(db, params, params.version)
    if (row === undefined) throw notFound('version of the release flow', String(params.version))
    return { ...itemOf(row, flow.version), document: { ...row.document } }
  }),
]
