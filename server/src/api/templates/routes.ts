import { projectTemplates, teamTemplates } from '@fairway/contract/routes/templates'
import { transaction } from '../../db/db.ts'
import { listRuns } from '../../db/release-runs.ts'
import {
  listTemplates,
  listTemplateVersions,
  type TemplateKey,
  type TemplateRow,
} from '../../db/templates.ts'
import { requireProject } from '../../operations/projects/require.ts'
import { type DryRunDeps, dryRun } from '../../operations/templates/dry-run.ts'
import {
  readTemplateRun,
  requireTemplate,
  requireTemplateVersion,
  type TemplateRunKey,
} from '../../operations/templates/get.ts'
import { abortTemplateRun, startTemplateRun } from '../../operations/templates/run.ts'
import {
  closeVersion,
  createTemplate,
  patchTemplate,
  publishVersion,
  putTemplate,
  removeTemplate,
  restoreVersion,
  updateDocument,
} from '../../operations/templates/save.ts'
import type { ApiDeps } from '../deps.ts'
import { pageOf } from '../page.ts'
import { runDepsOf } from '../release-flows/run-deps.ts'
import { defineRoute, type Route } from '../route.ts'
import { type Contract, keyOf, scopeOf } from './contract.ts'
import { gitopsRoutes } from './gitops-routes.ts'
import {
  itemOf,
  ownerOfTemplate,
  templateRunItemOf,
  templateRunViewOf,
  versionItemOf,
  viewOf,
} from './view.ts'

const keyOfRow = ({ project_id, id }: TemplateRow): TemplateKey => ({ projectId: project_id, templateId: id })

/** A dry run shows no addresses, so nobody has to know them. */
const dryRunDeps = (deps: ApiDeps): DryRunDeps => ({ ...runDepsOf(deps), publicNames: () => [] })

async function runView(key: TemplateRunKey, { db }: ApiDeps) {
  return templateRunViewOf(await readTemplateRun(db, key))
}

const documentRoutes = (contract: Contract): Route[] => [
  defineRoute(contract.list, async ({ params, page }, { db }) => {
    const { projectId } = scopeOf(params)
    if (projectId !== null) await requireProject(db, projectId)
    const rows = await listTemplates(db, projectId, page)
    return pageOf(rows, page, (templates) => ({ templates: templates.map(itemOf) }))
  }),
  defineRoute(contract.create, async ({ params, query, body, actor }, deps) => {
    const scope = { ...scopeOf(params), actor: actor.id, draft: query.draft ?? false }
    const row = await transaction(deps.db, (tx) => createTemplate(tx, scope, body, runDepsOf(deps)))
    return viewOf(keyOfRow(row), deps)
  }),
  defineRoute(contract.put, async ({ params, query, body, actor }, deps) => {
    const scope = { ...scopeOf(params), actor: actor.id, draft: query.draft ?? false }
    const row = await transaction(deps.db, (tx) => putTemplate(tx, scope, body, runDepsOf(deps)))
    return viewOf(keyOfRow(row), deps)
  }),
  defineRoute(contract.get, ({ params }, deps) => viewOf(keyOf(params), deps)),
  defineRoute(contract.update, async ({ params, query, body, actor }, deps) => {
    const target = { ...keyOf(params), actor: actor.id, draft: query.draft ?? false }
    await transaction(deps.db, (tx) => updateDocument(tx, target, body, runDepsOf(deps)))
    return viewOf(target, deps)
  }),
  defineRoute(contract.patch, async ({ params, query, body, actor }, deps) => {
    const target = { ...keyOf(params), actor: actor.id, draft: query.draft ?? false }
    await transaction(deps.db, (tx) => patchTemplate(tx, target, body, runDepsOf(deps)))
    return viewOf(target, deps)
  }),
  defineRoute(contract.remove, async ({ params, actor }, { db }) => {
    await transaction(db, (tx) => removeTemplate(tx, { ...keyOf(params), actor: actor.id }))
    return {}
  }),
]

const versionRoutes = (contract: Contract): Route[] => [
  defineRoute(contract.versions, async ({ params, page }, { db }) => {
    const template = await requireTemplate(db, keyOf(params))
    return pageOf(await listTemplateVersions(db, template.uid, page), page, (rows) => ({
      versions: rows.map((row) => versionItemOf(row, template)),
    }))
  }),
  defineRoute(contract.version, async ({ params }, { db }) => {
    const key = keyOf(params)
    const row = await requireTemplateVersion(db, { ...key, version: params.version })
    return { ...versionItemOf(row, await requireTemplate(db, key)), document: row.document }
  }),
  defineRoute(contract.publish, async ({ params, actor }, deps) => {
    const deciding = { ...keyOf(params), version: params.version, actor: actor.id }
    await transaction(deps.db, (tx) => publishVersion(tx, deciding, runDepsOf(deps)))
    return viewOf(deciding, deps)
  }),
  defineRoute(contract.restore, async ({ params, query, actor }, deps) => {
    const { version } = params
    const target = { ...keyOf(params), version, actor: actor.id, draft: query.draft ?? false }
    await transaction(deps.db, (tx) => restoreVersion(tx, target, runDepsOf(deps)))
    return viewOf(target, deps)
  }),
  defineRoute(contract.close, async ({ params, actor }, deps) => {
    const deciding = { ...keyOf(params), version: params.version, actor: actor.id }
    await transaction(deps.db, (tx) => closeVersion(tx, deciding, runDepsOf(deps)))
    return {}
  }),
]

const runRoutes = (contract: Contract): Route[] => [
  defineRoute(contract.dryRun, ({ params, body: { version, ...body } }, deps) =>
    dryRun(deps.db, { key: keyOf(params), body, version }, dryRunDeps(deps)),
  ),
  defineRoute(contract.getDryRun, ({ params, query }, deps) =>
    dryRun(deps.db, { key: keyOf(params), body: {}, version: query.version }, dryRunDeps(deps)),
  ),
  defineRoute(contract.runs, async ({ params, query, page }, { db }) => {
    const owner = ownerOfTemplate(await requireTemplate(db, keyOf(params)))
    return pageOf(await listRuns(db, owner, query, page), page, (runs) => ({
      runs: runs.map(templateRunItemOf),
    }))
  }),
  defineRoute(contract.run, async ({ params, body, actor }, deps) => {
    const start = { key: keyOf(params), body, actor: actor.id, trigger: 'manual' } as const
    const run = await transaction(deps.db, (tx) => startTemplateRun(tx, start, runDepsOf(deps)))
    return runView({ ...start.key, runId: run.id }, deps)
  }),
  defineRoute(contract.getRun, ({ params }, deps) =>
    runView({ ...keyOf(params), runId: params.runId }, deps),
  ),
  defineRoute(contract.abortRun, async ({ params, actor }, deps) => {
    const key = { ...keyOf(params), runId: params.runId }
    const by = { actor: actor.id, at: deps.clock.now() }
    await transaction(deps.db, (tx) => abortTemplateRun(tx, key, by))
    return runView(key, deps)
  }),
]

const routesOf = (contract: Contract): Route[] => [
  ...documentRoutes(contract),
  ...versionRoutes(contract),
  ...runRoutes(contract),
  ...gitopsRoutes(contract),
]

export const templateRoutes: readonly Route[] = [
  ...routesOf(teamTemplates as unknown as Contract),
  ...routesOf(projectTemplates),
]
