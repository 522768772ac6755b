import { notFound } from '@fairway/contract/errors'
import * as contract from '@fairway/contract/routes/tags'
import { transaction } from '../../db/db.ts'
import { findTag, listTags, type TagRow } from '../../db/tags.ts'
import { createTag, patchTag, putTag, removeTag } from '../../operations/tags/save.ts'
import { pageOf } from '../page.ts'
import { defineRoute } from '../route.ts'

const viewOf = (row: TagRow) => ({
  ...row.spec,
  id: row.id,
  name: row.name,
  description: row.description,
  color: row.color,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
})

export const tagRoutes = [
  defineRoute(contract.listTags, async ({ page }, { db }) =>
    pageOf(await listTags(db, page), page, (rows) => ({ tags: rows.map(viewOf) })),
  ),
  defineRoute(contract.createTag, async ({ body, actor }, { db }) =>
    viewOf(await transaction(db, (tx) => createTag(tx, body, actor.id))),
  ),
  defineRoute(contract.putTag, async ({ body, actor }, { db }) =>
    viewOf(await transaction(db, (tx) => putTag(tx, body, actor.id))),
  ),
  defineRoute(contract.getTag, async ({ params }, { db }) => {
    const tag = await findTag(db, params.resourceTagId)
    if (tag === undefined) throw notFound('tag', params.resourceTagId)
    return viewOf(tag)
  }),
  defineRoute(contract.patchTag, async ({ params, body, actor }, { db }) => {
    const target = { id: params.resourceTagId, actor: actor.id }
    return viewOf(await transaction(db, (tx) => patchTag(tx, target, body)))
  }),
  defineRoute(contract.deleteTag, async ({ params, actor }, { db }) => {
    await transaction(db, (tx) => removeTag(tx, { id: params.resourceTagId, actor: actor.id }))
    return {}
  }),
]
