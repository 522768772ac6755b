import { z } from 'zod'
import { resourceId } from '../names.ts'
import {
  addonDependency,
  secretGroupBody,
  secretRestrictions,
  secretValues,
} from '../resources/secret-group.ts'
import { route } from '../route.ts'

const inProject = z.object({ projectId: resourceId })
const one = z.object({ projectId: resourceId, secretId: resourceId })
const tag = 'Secret groups'

/** A group without its values. */
export const secretGroupView = z.object({
  id: z.string(),
  projectId: z.string(),
  name: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  type: z.enum(['secret', 'config']),
  secretType: z.enum(['environment-arguments', 'environment', 'arguments']),
  priority: z.number(),
  restrictions: secretRestrictions,
  addonDependencies: z.array(addonDependency),
  version: z.number().describe('grows with each change of the values'),
  createdAt: z.string(),
  updatedAt: z.string(),
})
export type SecretGroupView = z.infer<typeof secretGroupView>

/** With the values: only for tokens that may read secrets. */
export const secretGroupDetails = secretGroupView.extend({
  secrets: z.object({
    variables: z.record(z.string(), z.string()),
    files: z.record(z.string(), z.unknown()),
    dockerSecretMounts: z.record(z.string(), z.unknown()),
  }),
  addonSecrets: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      addonType: z.string(),
      version: z.string(),
      variables: z.record(z.string(), z.string()),
    }),
  ),
})

/** A change: what is absent stays; `secrets.variables` and `secrets.files` replace the whole part they name. */
export const secretGroupPatch = z.strictObject({
  description: secretGroupBody.shape.description.unwrap().optional(),
  type: secretGroupBody.shape.type.unwrap().optional(),
  secretType: secretGroupBody.shape.secretType.unwrap().optional(),
  priority: secretGroupBody.shape.priority.unwrap().optional(),
  restrictions: secretRestrictions.optional(),
  addonDependencies: z.array(addonDependency).optional(),
  tags: z.array(z.string()).optional(),
  secrets: z
    .strictObject({
      variables: secretValues.shape.variables.unwrap().optional(),
      files: secretValues.shape.files.unwrap().optional(),
      dockerSecretMounts: secretValues.shape.dockerSecretMounts.unwrap().optional(),
    })
    .optional(),
})
export type SecretGroupPatch = z.infer<typeof secretGroupPatch>

export const listSecrets = route({
  id: 'listSecrets',
  method: 'GET',
  path: '/projects/{projectId}/secrets',
  summary: 'List the secret groups of a project, without values',
  tag,
  permission: 'read',
  params: inProject,
  reply: z.object({ secrets: z.array(secretGroupView) }),
  paginated: true,
})

export const createSecret = route({
  id: 'createSecret',
  method: 'POST',
  path: '/projects/{projectId}/secrets',
  summary: 'Create a secret group',
  tag,
  permission: 'write',
  params: inProject,
  body: secretGroupBody,
  reply: secretGroupView,
})

export const putSecret = route({
  id: 'putSecret',
  method: 'PUT',
  path: '/projects/{projectId}/secrets',
  summary: 'Create a secret group, or replace the one of this name',
  tag,
  permission: 'write',
  params: inProject,
  body: secretGroupBody,
  reply: secretGroupView,
})

export const getSecret = route({
  id: 'getSecret',
  method: 'GET',
  path: '/projects/{projectId}/secrets/{secretId}',
  summary: 'A secret group with its values and linked connection details',
  tag,
  permission: 'admin',
  params: one,
  query: z.object({ show: z.string().optional() }),
  reply: secretGroupDetails,
})

export const getSecretDetails = route({
  id: 'getSecretDetails',
  method: 'GET',
  path: '/projects/{projectId}/secrets/{secretId}/details',
  summary: 'A secret group with its values and linked connection details',
  tag,
  permission: 'admin',
  params: one,
  reply: secretGroupDetails,
})

export const patchSecret = route({
  id: 'patchSecret',
  method: 'PATCH',
  path: '/projects/{projectId}/secrets/{secretId}',
  summary:
    'Change parts of a secret group. Nothing restarts; instances started from now on get the new values',
  tag,
  permission: 'write',
  params: one,
  body: secretGroupPatch,
  reply: secretGroupView,
})

export const updateSecret = route({
  id: 'updateSecret',
  method: 'POST',
  path: '/projects/{projectId}/secrets/{secretId}',
  summary: 'Change parts of a secret group (the older form of PATCH)',
  tag,
  permission: 'write',
  params: one,
  body: secretGroupPatch,
  reply: secretGroupView,
})

export const deleteSecret = route({
  id: 'deleteSecret',
  method: 'DELETE',
  path: '/projects/{projectId}/secrets/{secretId}',
  summary: 'Delete a secret group. Running instances keep what they started with',
  tag,
  permission: 'write',
  params: one,
  reply: z.object({}),
})
