import { isDeepStrictEqual } from 'node:util'
import { FairwayError } from '@fairway/contract/errors'
import { slugOf } from '@fairway/contract/names'
import type { TemplateDocument } from '@fairway/contract/resources/template'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { listRunsInStatus, ownerOf } from '../../db/release-runs.ts'
import {
  decideTemplateVersion,
  deleteTemplate,
  findTemplate,
  insertTemplate,
  insertTemplateVersion,
  listTemplateVersions,
  lockTemplate,
  type TemplateKey,
  type TemplateRow,
  updateTemplate,
} from '../../db/templates.ts'
import { present } from '../../lib/assert.ts'
import { invalidDocument, refuseProblems } from '../flows/save.ts'
import { followLink } from '../gitops/link.ts'
import { mergePatch } from '../merge-patch.ts'
import { requireOpenProject } from '../projects/require.ts'
import { ACTIVE } from '../runs/conclude.ts'
import type { RunDeps } from '../runs/start.ts'
import { openTemplateSecrets, sealTemplateSecrets } from './argument-overrides.ts'
import { requireTemplate, requireTemplateVersion } from './get.ts'
import { startTemplateRun } from './run.ts'

type Scope = {
  projectId: string | null
  actor: string
  draft?: boolean
  /** The commit it was read from: then it does not go to git again, and git has no say about the link. */
  commit?: string
}
type Target = Scope & { templateId: string }

/** Creates a template from a document. 400 `invalid_document` names every broken rule; `name_taken`. */
export async function createTemplate(
  tx: Tx,
  scope: Scope,
  body: unknown,
  deps: RunDeps,
): Promise<TemplateRow> {
  if (scope.projectId !== null) await requireOpenProject(tx, scope.projectId)
  const document = readChecked(scope.projectId, body, deps)
  const key = { ...scope, templateId: slugOf(document.name) }
  const template = await insertTemplate(tx, key, document.name)
  if (template === undefined)
    throw new FairwayError(
      'name_taken',
      `There is a template "${key.templateId}" already. Choose another name.`,
    )
  const { options } = document
  await save(tx, key, { template, document }, deps)
  if (options?.runOnCreation === true && scope.draft !== true) {
    const args = options.runOnCreationArgumentOverrides ?? {}
    await startTemplateRun(
      tx,
      { key, body: { arguments: args }, actor: scope.actor, trigger: 'manual' },
      deps,
    )
  }
  return requireTemplate(tx, key)
}

/** Creates the template, or replaces the document of the one of this name. */
export async function putTemplate(tx: Tx, scope: Scope, body: unknown, deps: RunDeps): Promise<TemplateRow> {
  const { name } = readChecked(scope.projectId, body, deps)
  const key = { ...scope, templateId: slugOf(name) }
  if ((await findTemplate(tx, key)) === undefined) return createTemplate(tx, scope, body, deps)
  return updateDocument(tx, key, body, deps)
}

/** Replaces the document. Its name stays: a template is found by it. */
export async function updateDocument(
  tx: Tx,
  target: Target,
  body: unknown,
  deps: RunDeps,
): Promise<TemplateRow> {
  const { uid, id, name } = await requireTemplate(tx, target)
  const template = present(await lockTemplate(tx, uid), `template ${id}`)
  const document = readChecked(target.projectId, withName(body, name), deps)
  if (slugOf(document.name) !== id)
    throw new FairwayError('conflict', `The template "${id}" keeps its name. Create another template.`)
  const changed = await save(tx, target, { template, document }, deps)
  if (changed && target.draft !== true) await runByItself(tx, target, document, deps)
  return requireTemplate(tx, target)
}

/** Makes an older version the newest one again, as it was; it is checked like any other document. */
export async function restoreVersion(
  tx: Tx,
  { version, ...target }: Target & { version: number },
  deps: RunDeps,
): Promise<TemplateRow> {
  const { document } = await requireTemplateVersion(tx, { ...target, version })
  return updateDocument(tx, target, document, deps)
}

/** Lays a patch over the newest version. */
export async function patchTemplate(
  tx: Tx,
  target: Target,
  patch: unknown,
  deps: RunDeps,
): Promise<TemplateRow> {
  const { uid } = await requireTemplate(tx, target)
  const [newest] = await listTemplateVersions(tx, uid, { limit: 1, offset: 0 })
  return updateDocument(tx, target, mergePatch(newest?.document, patch), deps)
}

const withName = (body: unknown, name: string): unknown =>
  typeof body === 'object' && body !== null && !('name' in body) ? { ...body, name } : body

function readChecked(projectId: string | null, body: unknown, { rules }: RunDeps): TemplateDocument {
  const read = rules.parseTemplate(body)
  if (!read.ok) throw invalidDocument(read.problems)
  refuseProblems(rules.checkTemplate(read.document, projectId))
  return read.document
}

type Saved = { template: TemplateRow; document: TemplateDocument }

/** Writes a new version when the document changed; the overrides are sealed, and neither they nor the link part of it. */
async function save(
  tx: Tx,
  { actor, commit, draft = false, ...key }: Target,
  { template, document: given }: Saved,
  { sealer }: RunDeps,
): Promise<boolean> {
  const { uid } = template
  const { argumentOverrides, gitops, ...document } = given
  const secrets = openTemplateSecrets(template, sealer)
  if (argumentOverrides !== undefined) secrets.overrides = argumentOverrides
  const [newest] = await listTemplateVersions(tx, uid, { limit: 1, offset: 0 })
  // As it comes back from the database, which keeps no order of keys.
  const isSame = isDeepStrictEqual(template.document, JSON.parse(JSON.stringify(document)))
  const version = (newest?.version ?? 0) + 1
  const status = draft ? 'draft' : 'published'
  if (!isSame)
    await insertTemplateVersion(tx, uid, { version, status, document, created_by: actor, commit_sha: commit })
  await updateTemplate(tx, uid, {
    argument_overrides: sealTemplateSecrets(uid, secrets, sealer),
    ...(!draft && { description: document.description ?? '' }),
    ...(!draft && !isSame && { published: { version, document } }),
  })
  if (commit === undefined) await followLink(tx, { key, actor, settings: gitops, changed: !isSame && !draft })
  const data = { version: isSame ? template.version : version, status }
  await audit(tx, { ...key, actor }, 'template.save', data)
  return !isSame
}

async function runByItself(
  tx: Tx,
  { actor, ...key }: Target,
  document: TemplateDocument,
  deps: RunDeps,
): Promise<void> {
  if (document.options?.autorun !== true) return
  const trigger = key.commit === undefined ? 'manual' : 'automatic'
  await startTemplateRun(tx, { key, body: {}, actor, trigger }, deps)
}

type Deciding = TemplateKey & { version: number; actor: string }

/** Makes a draft what runs. 409 when it was decided already. */
export async function publishVersion(tx: Tx, deciding: Deciding, deps: RunDeps): Promise<TemplateRow> {
  const { version, actor } = deciding
  const { document } = await decide(tx, deciding, 'published', deps)
  const { uid } = await requireTemplate(tx, deciding)
  await updateTemplate(tx, uid, {
    published: { version, document },
    description: document.description ?? '',
  })
  const { projectId, templateId } = deciding
  await followLink(tx, { key: { projectId, templateId }, actor, settings: undefined, changed: true })
  await runByItself(tx, { projectId, templateId, actor }, document, deps)
  return requireTemplate(tx, deciding)
}

/** Puts a draft aside. 409 when it was decided already. */
export async function closeVersion(tx: Tx, deciding: Deciding, deps: RunDeps): Promise<void> {
  await decide(tx, deciding, 'closed', deps)
}

async function decide(tx: Tx, deciding: Deciding, to: 'published' | 'closed', { clock }: RunDeps) {
  const { version, actor } = deciding
  const { uid } = await requireTemplate(tx, deciding)
  await lockTemplate(tx, uid)
  const found = await requireTemplateVersion(tx, deciding)
  if (!(await decideTemplateVersion(tx, uid, { version, to, by: actor, at: clock.now() })))
    throw new FairwayError('invalid_state', `Version ${version} is ${found.status} already.`)
  await audit(tx, deciding, `template.${to === 'published' ? 'publish' : 'close'}`, { version })
  return found
}

/** Deletes a template with its versions and runs; what it made stays. 409 while a run is under way. */
export async function removeTemplate(tx: Tx, target: TemplateKey & { actor: string }): Promise<void> {
  const { uid, project_id } = await requireTemplate(tx, target)
  await lockTemplate(tx, uid)
  const owner = ownerOf({ template_uid: uid, project_id, pipeline_id: null, stage: null })
  const [run] = await listRunsInStatus(tx, owner, [...ACTIVE, 'queued'])
  if (run !== undefined)
    throw new FairwayError('conflict', `The run ${run.id} is under way. Wait for it, or abort it first.`)
  await deleteTemplate(tx, uid)
  await audit(tx, target, 'template.delete')
}

const audit = (
  tx: Tx,
  { projectId, templateId, actor }: TemplateKey & { actor: string },
  type: string,
  data: Record<string, unknown> = {},
): Promise<void> =>
  recordEvent(tx, {
    ...(projectId !== null && { projectId }),
    topic: 'audit',
    subject: projectId === null ? templateId : `${projectId}/${templateId}`,
    type,
    actor,
    data,
  })
