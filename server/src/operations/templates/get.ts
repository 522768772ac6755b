import { FairwayError, notFound } from '@fairway/contract/errors'
import type { TemplateDocument } from '@fairway/contract/resources/template'
import { listApprovals } from '../../db/approvals.ts'
import type { Db, Tx } from '../../db/db.ts'
import { listReleaseNodes } from '../../db/release-nodes.ts'
import { findRun, lockRun, type ReleaseRunRow } from '../../db/release-runs.ts'
import {
  findTemplate,
  findTemplateVersion,
  type TemplateKey,
  type TemplateRow,
  type TemplateVersionRow,
} from '../../db/templates.ts'
import { requireProject } from '../projects/require.ts'
import type { RunDetails } from '../runs/get.ts'

/** The template, or `not_found` of it or of its project. */
export async function requireTemplate(db: Db, key: TemplateKey): Promise<TemplateRow> {
  const template = await findTemplate(db, key)
  if (template !== undefined) return template
  if (key.projectId !== null) await requireProject(db, key.projectId)
  throw notFound('template', key.templateId)
}

export async function requireTemplateVersion(
  db: Db,
  key: TemplateKey & { version: number },
): Promise<TemplateVersionRow> {
  const { uid } = await requireTemplate(db, key)
  const version = await findTemplateVersion(db, uid, key.version)
  if (version === undefined) throw notFound('version', String(key.version))
  return version
}

/** What runs of the template execute; `invalid_state` while there are only drafts. */
export function publishedOf({ id, version, document }: TemplateRow): {
  version: number
  document: TemplateDocument
} {
  if (version !== null && document !== null) return { version, document }
  throw new FairwayError(
    'invalid_state',
    `The template "${id}" has only drafts. Publish a version of it first.`,
  )
}

export type TemplateRunKey = TemplateKey & { runId: string }

/** A run of this template, or `not_found`. */
export async function requireTemplateRun(db: Db, key: TemplateRunKey): Promise<ReleaseRunRow> {
  return checked(db, key, await findRun(db, key.runId))
}

/** The same, locked for a change. */
export async function requireLockedTemplateRun(tx: Tx, key: TemplateRunKey): Promise<ReleaseRunRow> {
  return checked(tx, key, await lockRun(tx, key.runId))
}

async function checked(db: Db, key: TemplateRunKey, run: ReleaseRunRow | undefined): Promise<ReleaseRunRow> {
  const { uid } = await requireTemplate(db, key)
  if (run?.template_uid === uid) return run
  throw notFound('run', key.runId)
}

/** A run with everything that happened in it. */
export async function readTemplateRun(db: Db, key: TemplateRunKey): Promise<RunDetails> {
  const run = await requireTemplateRun(db, key)
  return { run, nodes: await listReleaseNodes(db, run.id), approvals: await listApprovals(db, run.id) }
}
