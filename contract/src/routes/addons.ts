import { z } from 'zod'
import { resourceId } from '../names.ts'
import { addonBody, addonPatch, addonScale } from '../resources/addon.ts'
import { route } from '../route.ts'

const tag = 'Addons'
const inProject = z.object({ projectId: resourceId })
const one = inProject.extend({ addonId: resourceId })
const base = '/projects/{projectId}/addons'
const empty = z.object({})

export const addonView = z.object({
  id: z.string(),
  name: z.string(),
  appId: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  createdAt: z.string(),
  status: z.string(),
  statusMessage: z.string().optional(),
  spec: z.object({
    type: z.string(),
    config: z.object({
      versionTag: z.string(),
      lifecycleStatus: z.literal('active'),
      deployment: z.object({
        replicas: z.number(),
        storageClass: z.string(),
        storageSize: z.number(),
        planId: z.string(),
        region: z.string(),
      }),
      networking: z.object({ tlsEnabled: z.boolean(), externalAccessEnabled: z.boolean() }),
    }),
  }),
  cluster: z.object({ id: z.string(), name: z.string() }),
  generation: z.number().describe('the data directory in use; a restore makes a new one'),
  keptGenerations: z.array(z.number()).optional().describe('data that restores replaced and kept'),
})
export type AddonView = z.infer<typeof addonView>

export const listAddons = route({
  id: 'listAddons',
  method: 'GET',
  path: base,
  summary: 'List the addons of a project',
  tag,
  permission: 'read',
  params: inProject,
  reply: z.object({ addons: z.array(addonView) }),
  paginated: true,
})
export const createAddon = route({
  id: 'createAddon',
  method: 'POST',
  path: base,
  summary: 'Create an addon; it runs when its status says so',
  tag,
  permission: 'write',
  params: inProject,
  body: addonBody,
  reply: addonView,
})
export const putAddon = route({
  id: 'putAddon',
  method: 'PUT',
  path: base,
  summary: 'Create an addon, or change the one of this name',
  tag,
  permission: 'write',
  params: inProject,
  body: addonBody,
  reply: addonView,
})
export const getAddon = route({
  id: 'getAddon',
  method: 'GET',
  path: `${base}/{addonId}`,
  summary: 'An addon and its status',
  tag,
  permission: 'read',
  params: one,
  reply: addonView,
})
export const patchAddon = route({
  id: 'patchAddon',
  method: 'PATCH',
  path: `${base}/{addonId}`,
  summary: 'Change parts of an addon',
  tag,
  permission: 'write',
  params: one,
  body: addonPatch,
  reply: addonView,
})
export const deleteAddon = route({
  id: 'deleteAddon',
  method: 'DELETE',
  path: `${base}/{addonId}`,
  summary: 'Delete an addon with its data and backups',
  tag,
  permission: 'write',
  params: one,
  query: z.object({ delete_child_objects: z.string().optional() }),
  reply: empty,
})
export const getCredentials = route({
  id: 'getAddonCredentials',
  method: 'GET',
  path: `${base}/{addonId}/credentials`,
  summary: 'Connection details with passwords',
  tag,
  permission: 'admin',
  params: one,
  reply: z.object({ envs: z.record(z.string(), z.string()), secrets: z.record(z.string(), z.string()) }),
})

const action = (verb: 'pause' | 'resume' | 'restart', summary: string) =>
  route({
    id: `${verb}Addon`,
    method: 'POST',
    path: `${base}/{addonId}/${verb}`,
    summary,
    tag,
    permission: 'write',
    params: one,
    body: z.looseObject({}).optional(),
    reply: empty,
  })
export const pauseAddon = action('pause', 'Stop an addon; its data stays')
export const resumeAddon = action('resume', 'Start a paused addon')
export const restartAddon = action('restart', 'Stop and start an addon; its connections end')

export const scaleAddon = route({
  id: 'scaleAddon',
  method: 'POST',
  path: `${base}/{addonId}/scale`,
  summary: 'Change what an addon may use; it restarts with the new limits',
  tag,
  permission: 'write',
  params: one,
  body: addonScale,
  reply: empty,
})

export const dropKept = route({
  id: 'dropKeptGeneration',
  method: 'DELETE',
  path: `${base}/{addonId}/generations/{generation}`,
  summary: 'Remove the data that a restore replaced and kept',
  tag,
  permission: 'write',
  params: one.extend({ generation: z.coerce.number().int().min(1) }),
  reply: empty,
})
