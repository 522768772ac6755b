import { z } from 'zod'
import { resourceId } from '../names.ts'
import { tagBody, tagPatch } from '../resources/tag.ts'
import { route } from '../route.ts'

const tag = 'Tags'
const params = z.object({ resourceTagId: resourceId })

export const tagView = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  color: z.string(),
  useSpotNodes: z.boolean().optional(),
  useOnDemandNodes: z.boolean().optional(),
  nodeAffinities: z.array(z.unknown()).optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
})

export const listTags = route({
  id: 'listTags',
  method: 'GET',
  path: '/tags',
  summary: 'List tags',
  tag,
  permission: 'read',
  reply: z.object({ tags: z.array(tagView) }),
  paginated: true,
})

export const createTag = route({
  id: 'createTag',
  method: 'POST',
  path: '/tags',
  summary: 'Create a tag',
  tag,
  permission: 'write',
  body: tagBody,
  reply: tagView,
})

export const putTag = route({
  id: 'putTag',
  method: 'PUT',
  path: '/tags',
  summary: 'Create a tag, or replace the one of this name',
  tag,
  permission: 'write',
  body: tagBody,
  reply: tagView,
})

export const getTag = route({
  id: 'getTag',
  method: 'GET',
  path: '/tags/{resourceTagId}',
  summary: 'A tag',
  tag,
  permission: 'read',
  params,
  reply: tagView,
})

export const patchTag = route({
  id: 'patchTag',
  method: 'PATCH',
  path: '/tags/{resourceTagId}',
  summary: 'Change parts of a tag',
  tag,
  permission: 'write',
  params,
  body: tagPatch,
  reply: tagView,
})

export const deleteTag = route({
  id: 'deleteTag',
  method: 'DELETE',
  path: '/tags/{resourceTagId}',
  summary: 'Delete a tag and take it off every resource',
  tag,
  permission: 'write',
  params,
  reply: z.object({}),
})
