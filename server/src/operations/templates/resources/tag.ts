import { type TagBody, tagBody } from '@fairway/contract/resources/tag'
import { findTag } from '../../../db/tags.ts'
import { putTag } from '../../tags/save.ts'
import type { Resource } from '../resource.ts'

export const tagResource: Resource = {
  kind: 'ResourceTag',
  schema: tagBody,
  bodyOf: (spec) => spec,
  async read(db, { id }) {
    const row = await findTag(db, id)
    if (row === undefined) return undefined
    const { name, description, color, spec } = row
    return { ...spec, name, description, color }
  },
  async save(tx, { actor, body }) {
    await putTag(tx, body as TagBody, actor)
  },
  keep: ['color', 'useSpotNodes', 'useOnDemandNodes', 'nodeAffinities'],
  fixed: [],
  once: [],
  secret: [],
}
