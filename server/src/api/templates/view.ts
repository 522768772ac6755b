import { findGitopsLinkOfTemplate } from '../../db/gitops-links.ts'
import { listRuns, ownerOf, type ReleaseRunRow } from '../../db/release-runs.ts'
import {
  listTemplateVersions,
  type TemplateKey,
  type TemplateRow,
  type TemplateVersionRow,
} from '../../db/templates.ts'
import type { RunDetails } from '../../operations/runs/get.ts'
import { openTemplateSecrets } from '../../operations/templates/argument-overrides.ts'
import { requireTemplate } from '../../operations/templates/get.ts'
import type { ApiDeps } from '../deps.ts'
import { documentViewOf, runItemOf } from '../release-flows/run-view.ts'

/** As lists show it. */
export const itemOf = ({
  id,
  name,
  description,
  project_id,
  version,
  created_at,
  updated_at,
}: TemplateRow) => ({
  id,
  name,
  description,
  ...(project_id !== null && { projectId: project_id }),
  version,
  createdAt: created_at.toISOString(),
  updatedAt: updated_at.toISOString(),
})

export const ownerOfTemplate = ({ uid, project_id }: TemplateRow) =>
  ownerOf({ template_uid: uid, project_id, pipeline_id: null, stage: null })

/** With its document, and how its newest run is. */
export async function viewOf(key: TemplateKey, { db, sealer }: Pick<ApiDeps, 'db' | 'sealer'>) {
  const template = await requireTemplate(db, key)
  const [newest] = await listTemplateVersions(db, template.uid, { limit: 1, offset: 0 })
  const [run] = await listRuns(db, ownerOfTemplate(template), {}, { limit: 1, offset: 0 })
  const link = await findGitopsLinkOfTemplate(db, key)
  const document = template.document ?? newest?.document
  return {
    ...document,
    ...itemOf(template),
    arguments: document?.arguments ?? {},
    argumentOverrideNames: Object.keys(openTemplateSecrets(template, sealer).overrides),
    options: document?.options ?? {},
    spec: document?.spec,
    ...(link !== undefined && { gitops: link.settings }),
    ...(newest?.status === 'draft' && { draft: newest.version }),
    status: run?.status ?? 'unknown',
  }
}

export const versionItemOf = (row: TemplateVersionRow, { version }: TemplateRow) => ({
  version: row.version,
  status: row.status,
  current: row.version === version,
  ...(row.created_by !== null && { createdBy: row.created_by }),
  createdAt: row.created_at.toISOString(),
  ...(row.decided_by !== null && { decidedBy: row.decided_by }),
  ...(row.decided_at !== null && { decidedAt: row.decided_at.toISOString() }),
  ...(row.commit_sha !== null && { commit: row.commit_sha }),
})

export function templateRunItemOf(run: ReleaseRunRow) {
  const { kind: _kind, rollbackOf: _rollbackOf, flowVersion, ...item } = runItemOf(run)
  return { ...item, templateVersion: flowVersion }
}

/** The whole document of a run, and how many resources it made, changed and found as they should be. */
export function templateRunViewOf(details: RunDetails) {
  const { kind: _kind, rollbackOf: _rollbackOf, flowVersion: _version, ...view } = documentViewOf(details)
  return { ...view, ...templateRunItemOf(details.run), resources: resultsOf(details) }
}

function resultsOf({ nodes }: RunDetails) {
  const counts = { created: 0, changed: 0, unchanged: 0 }
  for (const { response } of nodes) {
    const { result } = (response ?? {}) as { result?: unknown }
    if (result === 'created' || result === 'changed' || result === 'unchanged') counts[result] += 1
  }
  return counts
}
