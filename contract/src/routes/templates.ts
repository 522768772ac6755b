import { z } from 'zod'
import { runRequest } from '../flow.ts'
import { resourceId } from '../names.ts'
import {
  templateItem,
  templatePlanView,
  templateRunItem,
  templateRunView,
  templateView,
  versionItem,
} from '../resources/template-views.ts'
import { route } from '../route.ts'
import { type RunStatus, runMoves } from '../states.ts'
import { gitopsRoutes } from './template-gitops.ts'
import { type Place, placed, read, write } from './template-place.ts'

const statuses = Object.keys(runMoves) as [RunStatus, ...RunStatus[]]
const asDraft = z.object({
  draft: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .optional()
    .describe('Save a draft: it runs only when it is published'),
})

// Read by the document's own parser, which answers with the place and the rule of each problem.
const document = z.record(z.string(), z.unknown()).describe('A template document; see the reference of steps')

const dryRunBody = runRequest.extend({
  version: z.int().min(1).optional().describe('Another version than the published one, for instance a draft'),
})

const save = { ...write, query: asDraft, body: document, reply: templateView } as const

/** All documents of a place. */
function listRoutes<P extends z.ZodRawShape>(place: Place<P>) {
  const { list, inPlace, name } = placed(place)
  return {
    list: route({
      ...read,
      id: name('list', 'Templates'),
      method: 'GET',
      path: list,
      summary: `List the templates of ${place.of}`,
      params: inPlace,
      reply: z.object({ templates: z.array(templateItem) }),
      paginated: true,
    }),
    create: route({
      ...save,
      id: name('create'),
      method: 'POST',
      path: list,
      summary: `Create a template of ${place.of}. 400 names everything that is wrong with it`,
      params: inPlace,
    }),
    put: route({
      ...save,
      id: name('put'),
      method: 'PUT',
      path: list,
      summary: 'Create a template, or replace the one of this name',
      params: inPlace,
    }),
  }
}

/** One document. */
function documentRoutes<P extends z.ZodRawShape>(place: Place<P>) {
  const { one, params, name } = placed(place)
  return {
    get: route({
      ...read,
      id: name('get'),
      method: 'GET',
      path: one,
      summary: 'A template with its document',
      params,
      reply: templateView,
    }),
    update: route({
      ...save,
      id: name('update'),
      method: 'POST',
      path: one,
      summary: 'Replace the document of a template. A changed document is a new version',
      params,
    }),
    patch: route({
      ...save,
      id: name('patch'),
      method: 'PATCH',
      path: one,
      summary: 'Change parts of the newest document of a template',
      params,
    }),
    remove: route({
      ...write,
      id: name('delete'),
      method: 'DELETE',
      path: one,
      summary: 'Delete a template with its versions and runs. What it made stays',
      params,
      reply: z.object({}),
    }),
  }
}

function versionRoutes<P extends z.ZodRawShape>(place: Place<P>) {
  const { one, params, name } = placed(place)
  const versionParams = z.object({ ...params.shape, version: z.coerce.number().int().min(1) })
  return {
    versions: route({
      ...read,
      id: name('list', 'TemplateVersions'),
      method: 'GET',
      path: `${one}/versions`,
      summary: 'The versions of a template, newest first',
      params,
      reply: z.object({ versions: z.array(versionItem) }),
      paginated: true,
    }),
    version: route({
      ...read,
      id: name('get', 'TemplateVersion'),
      method: 'GET',
      path: `${one}/versions/{version}`,
      summary: 'A version of a template with its document',
      params: versionParams,
      reply: versionItem.extend({ document: z.unknown() }),
    }),
    publish: route({
      ...write,
      id: name('publish', 'TemplateVersion'),
      method: 'POST',
      path: `${one}/versions/{version}/publish`,
      summary: 'Make a draft what runs',
      params: versionParams,
      reply: templateView,
    }),
    restore: route({
      ...write,
      id: name('restore', 'TemplateVersion'),
      method: 'POST',
      path: `${one}/versions/{version}/restore`,
      summary: 'Make the document of a version the newest one again, published or as a draft',
      params: versionParams,
      query: asDraft,
      reply: templateView,
    }),
    close: route({
      ...write,
      id: name('close', 'TemplateVersion'),
      method: 'POST',
      path: `${one}/versions/{version}/close`,
      summary: 'Put a draft aside',
      params: versionParams,
      reply: z.object({}),
    }),
  }
}

function dryRunRoutes<P extends z.ZodRawShape>(place: Place<P>) {
  const { one, params, name } = placed(place)
  return {
    dryRun: route({
      ...read,
      id: name('dryRun'),
      method: 'POST',
      path: `${one}/dry-run`,
      summary: 'What a run would make, change field by field, and leave alone, without running anything',
      params,
      body: dryRunBody,
      reply: templatePlanView,
    }),
    getDryRun: route({
      ...read,
      id: name('getDryRunOf'),
      method: 'GET',
      path: `${one}/dry-run`,
      summary: 'The same for a run without arguments',
      params,
      query: z.object({ version: z.coerce.number().int().min(1).optional() }),
      reply: templatePlanView,
    }),
  }
}

function runRoutes<P extends z.ZodRawShape>(place: Place<P>) {
  const { one, params, name } = placed(place)
  const runParams = z.object({ ...params.shape, runId: z.uuid('must be the id of a run') })
  return {
    runs: route({
      ...read,
      id: name('list', 'TemplateRuns'),
      method: 'GET',
      path: `${one}/runs`,
      summary: 'The runs of a template, newest first',
      params,
      query: z.object({
        status: z.enum(statuses).optional(),
        concluded: z
          .enum(['true', 'false'])
          .transform((value) => value === 'true')
          .optional(),
      }),
      reply: z.object({ runs: z.array(templateRunItem) }),
      paginated: true,
    }),
    run: route({
      ...write,
      id: name('run'),
      method: 'POST',
      path: `${one}/runs`,
      summary: 'Run a template. 400 names everything that is wrong before anything runs',
      params,
      body: runRequest,
      reply: templateRunView,
    }),
    getRun: route({
      ...read,
      id: name('get', 'TemplateRun'),
      method: 'GET',
      path: `${one}/runs/{runId}`,
      summary: 'A run of a template: its document with what became of each step',
      params: runParams,
      reply: templateRunView,
    }),
    abortRun: route({
      ...write,
      id: name('abort', 'TemplateRun'),
      method: 'POST',
      path: `${one}/runs/{runId}/abort`,
      summary: 'Ask a run to stop. It has stopped when its status is aborted',
      params: runParams,
      reply: templateRunView,
    }),
  }
}

const templateRoutes = <P extends z.ZodRawShape>(place: Place<P>) => ({
  ...listRoutes(place),
  ...documentRoutes(place),
  ...versionRoutes(place),
  ...dryRunRoutes(place),
  ...runRoutes(place),
  ...gitopsRoutes(place),
})

export const teamTemplates = templateRoutes({ path: '', params: {}, of: 'the team', id: '' })

export const projectTemplates = templateRoutes({
  path: '/projects/{projectId}',
  params: { projectId: resourceId },
  of: 'a project',
  id: 'Project',
})
