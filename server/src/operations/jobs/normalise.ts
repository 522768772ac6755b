import type { JobBody, JobKind, JobSpec } from '@fairway/contract/resources/job'
import type { JobRow } from '../../db/jobs.ts'
import type { OwnSecrets } from '../environment/set-own.ts'

/** A body taken apart: what is stored in the clear, what is sealed, and what has a column of its own. */
export type NormalisedJob = {
  kind: JobKind
  spec: JobSpec
  secrets: Partial<OwnSecrets>
  description: string
  tags: string[]
  suspended: boolean | undefined
  disabledCI: boolean
  disabledCD: boolean
}

/** Pure. `deployment.vcs` becomes `vcsData`, as services have it. */
export function normaliseJob(body: JobBody): NormalisedJob {
  const { vcs, ...deployment } = body.deployment
  const { cron, ...settings } = body.settings
  const { suspended, ...schedule } = cron ?? {}
  return {
    kind: cron === undefined ? 'manual' : 'cron',
    spec: present({
      billing: body.billing,
      resources: body.resources,
      deployment,
      vcsData: vcs,
      buildSettings: body.buildSettings,
      buildConfiguration: body.buildConfiguration,
      healthChecks: body.healthChecks,
      settings: present({ ...settings, cron: cron && schedule }),
      infrastructure: body.infrastructure,
    }) as JobSpec,
    secrets: present({
      runtimeEnvironment: body.runtimeEnvironment,
      runtimeFiles: body.runtimeFiles,
      buildArguments: body.buildArguments,
      buildFiles: body.buildFiles,
      dockerSecretMounts: body.dockerSecretMounts,
    }) as Partial<OwnSecrets>,
    description: body.description,
    tags: body.tags,
    suspended,
    disabledCI: body.disabledCI,
    disabledCD: body.disabledCD,
  }
}

/** The body that would make this job, for laying a patch over it. Values are not part of it. */
export function bodyOfJob(job: JobRow): Record<string, unknown> {
  const { vcsData, deployment, ...spec } = job.spec
  return present({
    ...spec,
    name: job.name,
    description: job.description,
    tags: job.tags,
    deployment: present({ ...deployment, vcs: vcsData }),
    disabledCI: job.disabled_ci,
    disabledCD: job.disabled_cd,
  })
}

type Flat = Record<string, unknown>

const SETTINGS = ['backoffLimit', 'runOnSourceChange', 'activeDeadlineSeconds'] as const
const CRON = ['schedule', 'concurrencyPolicy', 'suspended'] as const

/** The typed forms carry their settings at the top; this gives the generic form. Absent stays absent. */
export function withSettings(flat: Flat, kind: JobKind): Flat {
  const rest = Object.fromEntries(
    Object.entries(flat).filter(([key]) => ![...SETTINGS, ...CRON].includes(key as 'schedule')),
  )
  const cron = kind === 'cron' ? pick(flat, CRON) : {}
  const settings = { ...pick(flat, SETTINGS), ...(Object.keys(cron).length > 0 && { cron }) }
  return { ...rest, ...(Object.keys(settings).length > 0 && { settings }) }
}

const pick = (flat: Flat, keys: readonly string[]): Flat =>
  Object.fromEntries(keys.filter((key) => flat[key] !== undefined).map((key) => [key, flat[key]]))

const present = (parts: Flat): Flat =>
  Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined))
