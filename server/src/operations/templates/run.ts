import { FairwayError } from '@fairway/contract/errors'
import type { FlowDocument, RunRequest } from '@fairway/contract/flow'
import type { TemplateDocument } from '@fairway/contract/resources/template'
import type { Db, Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import type { ReleaseRunRow, RunTrigger } from '../../db/release-runs.ts'
import { lockTemplate, type TemplateKey, type TemplateRow } from '../../db/templates.ts'
import { newId } from '../../db/work.ts'
import { present } from '../../lib/assert.ts'
import { invalidDocument, refuseProblems } from '../flows/save.ts'
import { requireOpenProject } from '../projects/require.ts'
import { askAbort } from '../runs/ask-abort.ts'
import { createRun } from '../runs/create.ts'
import {
  newRunSecrets,
  type RunSecrets,
  type RunValues,
  readRunValues,
  sealRunSecrets,
} from '../runs/run-values.ts'
import type { RunDeps } from '../runs/start.ts'
import { openTemplateSecrets } from './argument-overrides.ts'
import { publishedOf, requireLockedTemplateRun, requireTemplate, type TemplateRunKey } from './get.ts'

export type TemplateStart = {
  key: TemplateKey
  body: RunRequest
  actor: string | null
  trigger: RunTrigger
}

/**
 * Runs the published version of a template. Nothing is created when the document cannot run: 400 names every problem;
 * 409 `run_forbidden` when it forbids two runs at once.
 */
export async function startTemplateRun(
  tx: Tx,
  { key, body, actor, trigger }: TemplateStart,
  deps: RunDeps,
): Promise<ReleaseRunRow> {
  if (key.projectId !== null) await requireOpenProject(tx, key.projectId)
  const { uid } = await requireTemplate(tx, key)
  const template = present(await lockTemplate(tx, uid), `template ${key.templateId}`)
  const { version, document: written } = publishedOf(template)
  const { document, secrets } = await prepareTemplate(tx, { template, written, body }, deps)
  const id = newId()
  return createRun(
    tx,
    { templateUid: uid, projectId: key.projectId },
    {
      policyOf: document,
      now: deps.clock.now(),
      run: {
        id,
        kind: 'release',
        trigger,
        rollback_of: null,
        parent_run_id: null,
        parent_path: null,
        depth: 0,
        name: body.name ?? null,
        description: body.description ?? '',
        document,
        flow_version: version,
        arguments: sealRunSecrets(id, secrets, deps.sealer),
        argument_names: Object.keys(secrets.arguments),
        overrides: body.overrides ?? {},
        release_node_overrides: body.releaseNodeOverrides ?? {},
        created_by: actor,
      },
    },
  )
}

type Preparing = { template: TemplateRow; written: TemplateDocument; body: RunRequest }

export type PreparedTemplate = { document: FlowDocument; secrets: RunSecrets; values: RunValues }

/** What a run of this document would execute, checked with the values that it would be given. */
export async function prepareTemplate(
  db: Db,
  { template, written, body }: Preparing,
  { rules, sealer, clock }: RunDeps,
): Promise<PreparedTemplate> {
  const { project_id } = template
  const overrides = body.overrides ?? {}
  const changed = overridden(written, body, rules)
  const secrets = newRunSecrets(body.arguments ?? {}, openTemplateSecrets(template, sealer))
  const document = rules.runDocument(changed)
  const values = await readRunValues(
    db,
    { projectId: project_id, document, overrides, secrets, startedAt: clock.now() },
    sealer,
  )
  refuseProblems(rules.checkTemplate(changed, project_id, { values }))
  return { document, secrets, values }
}

function overridden(document: TemplateDocument, body: RunRequest, rules: RunDeps['rules']): TemplateDocument {
  if (body.overrides === undefined && body.releaseNodeOverrides === undefined) return document
  const read = rules.override(document as FlowDocument, body)
  if (!read.ok) throw invalidDocument(read.problems)
  return read.document as TemplateDocument
}

/** Asks a run to end; it has ended when it is `aborted`. 409 when it had ended already. */
export async function abortTemplateRun(
  tx: Tx,
  key: TemplateRunKey,
  { actor, at }: { actor: string; at: Date },
): Promise<void> {
  const run = await requireLockedTemplateRun(tx, key)
  if (run.concluded_at !== null)
    throw new FairwayError('invalid_state', `This run has ended already: ${run.status}.`)
  await askAbort(tx, run, { at, reason: 'Aborted on request.' })
  const project = key.projectId === null ? {} : { projectId: key.projectId }
  await recordEvent(tx, { ...project, topic: 'audit', subject: run.id, type: 'template-run.abort', actor })
}
