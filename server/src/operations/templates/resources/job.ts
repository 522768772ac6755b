import { FairwayError } from '@fairway/contract/errors'
import type { ResourceKind } from '@fairway/contract/nodes/resources/kinds'
import { type JobBody, type JobKind, jobBody } from '@fairway/contract/resources/job'
import { findJob } from '../../../db/jobs.ts'
import { readOwnSecrets } from '../../environment/set-own.ts'
import { bodyOfJob, withSettings } from '../../jobs/normalise.ts'
import { putJob } from '../../jobs/save.ts'
import { OWN_VALUES, type Resource } from '../resource.ts'

/** A job; the typed kinds carry their settings at the top. `only`: it must be of that kind. */
const jobResource = (kind: ResourceKind, only?: JobKind): Resource => ({
  kind,
  schema: jobBody,
  bodyOf: (spec) => (only === undefined ? spec : withSettings(spec, only)),
  async read(db, { projectId, id }, sealer) {
    const row = await findJob(db, { projectId, jobId: id })
    if (row === undefined) return undefined
    if (only !== undefined && row.kind !== only)
      throw new FairwayError(
        'conflict',
        `"${id}" is a ${row.kind} job and stays one. Give the step another name.`,
      )
    const { values } = await readOwnSecrets(db, { projectId, kind: 'job', id }, sealer)
    const cron = row.spec.settings.cron && { ...row.spec.settings.cron, suspended: row.suspended }
    return {
      ...bodyOfJob(row),
      settings: { ...row.spec.settings, ...(cron && { cron }) },
      ...values,
    }
  },
  async save(tx, { key, actor, body, images }, { sealer }) {
    const caller = { projectId: key.projectId, actor, ...(images && { images }) }
    await putJob(tx, caller, body as JobBody, sealer)
  },
  keep: ['disabledCD', 'settings.cron.suspended', ...OWN_VALUES],
  fixed: [],
  once: ['stageId'],
  secret: OWN_VALUES,
})

export const jobResources: readonly Resource[] = [
  jobResource('Job'),
  jobResource('ManualJob', 'manual'),
  jobResource('CronJob', 'cron'),
]
