import { FairwayError, notFound } from '@fairway/contract/errors'
import { slugOf } from '@fairway/contract/names'
import type { TagBody, TagPatch } from '@fairway/contract/resources/tag'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { deleteTag, findTag, insertTag, type TagRow, unknownTags, updateTag } from '../../db/tags.ts'

export async function createTag(tx: Tx, body: TagBody, actor: string): Promise<TagRow> {
  const { name, description, color, ...spec } = body
  const id = slugOf(name)
  const tag = await insertTag(tx, { id, name, description, color, spec })
  if (tag === undefined)
    throw new FairwayError('name_taken', `There is a tag "${id}" already. Choose another name.`)
  await audit(tx, id, 'tag.create', actor)
  return tag
}

/** Creates the tag, or replaces what the one of this name says. */
export async function putTag(tx: Tx, body: TagBody, actor: string): Promise<TagRow> {
  const { name, ...rest } = body
  const id = slugOf(name)
  return (await findTag(tx, id)) === undefined
    ? createTag(tx, body, actor)
    : patchTag(tx, { id, actor }, rest)
}

export async function patchTag(
  tx: Tx,
  { id, actor }: { id: string; actor: string },
  { description, color, ...parts }: TagPatch,
): Promise<TagRow> {
  const tag = await findTag(tx, id)
  if (tag === undefined) throw notFound('tag', id)
  const changed = await updateTag(tx, id, {
    description: description ?? tag.description,
    color: color ?? tag.color,
    spec: { ...tag.spec, ...parts },
  })
  await audit(tx, id, 'tag.update', actor)
  return changed
}

export async function removeTag(tx: Tx, { id, actor }: { id: string; actor: string }): Promise<void> {
  if (!(await deleteTag(tx, id))) throw notFound('tag', id)
  await audit(tx, id, 'tag.delete', actor)
}

/** Refuses tags that do not exist: a misspelt tag would silently give no secrets. */
export async function requireTags(tx: Tx, ids: readonly string[]): Promise<void> {
  const unknown = await unknownTags(tx, ids)
  if (unknown.length === 0) return
  throw new FairwayError('invalid_request', `tags: there is no tag "${unknown[0]}". Create it first.`, {
    problems: unknown.map((id) => ({ field: 'tags', rule: `there is no tag "${id}"` })),
  })
}

const audit = (tx: Tx, subject: string, type: string, actor: string): Promise<void> =>
  recordEvent(tx, { topic: 'audit', subject, type, actor })
