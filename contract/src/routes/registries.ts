import { z } from 'zod'
import { resourceId } from '../names.ts'
import { registryBody, registryPatch, registryView } from '../resources/registry.ts'
import { route } from '../route.ts'

const tag = 'Registries'
const base = '/integrations/registries'
const params = z.object({ credentialId: resourceId })
const path = `${base}/{credentialId}`

export const listRegistries = route({
  id: 'listRegistries',
  method: 'GET',
  path: base,
  summary: 'List the saved registry credentials, without their passwords',
  tag,
  permission: 'read',
  reply: z.object({ registries: z.array(registryView) }),
  paginated: true,
})

export const addRegistry = route({
  id: 'addRegistry',
  method: 'POST',
  path: base,
  summary: 'Save credentials of an image registry; the password is sealed and never shown again',
  tag,
  permission: 'admin',
  body: registryBody,
  reply: registryView,
})

export const getRegistry = route({
  id: 'getRegistry',
  method: 'GET',
  path,
  summary: 'Saved registry credentials, without the password',
  tag,
  permission: 'read',
  params,
  reply: registryView,
})

export const updateRegistry = route({
  id: 'updateRegistry',
  method: 'PATCH',
  path,
  summary: 'Change the user name, the password, what it is for, or the projects that may use it',
  tag,
  permission: 'admin',
  params,
  body: registryPatch,
  reply: registryView,
})

export const deleteRegistry = route({
  id: 'deleteRegistry',
  method: 'DELETE',
  path,
  summary: 'Forget registry credentials. Refused while a service or a job pulls with them',
  tag,
  permission: 'admin',
  params,
  reply: z.object({}),
})
