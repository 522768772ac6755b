/** What can be told to others, by the names that the API has for it after `trigger:`. */
export const notificationEvents = [
  'build:start',
  'build:success',
  'build:failure',
  'build:abort',
  'job-run:start',
  'job-run:success',
  'job-run:failure',
  'job-run:abort',
  'addon-backup:start',
  'addon-backup:success',
  'addon-backup:failure',
  'addon-backup:abort',
  'release-flow-template-run:start',
  'release-flow-template-run:update',
  'release-flow-template-run:success',
  'release-flow-template-run:failure',
  'release-flow-template-run:aborted',
  'template-run:queued',
  'template-run:start',
  'template-run:update',
  'template-run:success',
  'template-run:failure',
  'service:deployment:status-update',
  'infrastructure:service:container-crash',
] as const
export type NotificationEvent = (typeof notificationEvents)[number]

/** A recorded event, as far as it decides what is told. */
export type Recorded = { topic: string; type: string; data?: Record<string, unknown> | undefined }

const builds: Record<string, NotificationEvent> = {
  STARTING: 'build:start',
  SUCCESS: 'build:success',
  FAILURE: 'build:failure',
  CRASHED: 'build:failure',
  ABORTED: 'build:abort',
}

const jobRuns: Record<string, NotificationEvent> = {
  RUNNING: 'job-run:start',
  SUCCESS: 'job-run:success',
  FAILED: 'job-run:failure',
  ABORTED: 'job-run:abort',
}

const backups: Record<string, NotificationEvent> = {
  'in-progress': 'addon-backup:start',
  completed: 'addon-backup:success',
  failed: 'addon-backup:failure',
  aborted: 'addon-backup:abort',
}

const flowRuns: Record<string, NotificationEvent> = {
  running: 'release-flow-template-run:start',
  success: 'release-flow-template-run:success',
  failure: 'release-flow-template-run:failure',
  aborted: 'release-flow-template-run:aborted',
}

const templateRuns: Record<string, NotificationEvent> = {
  queued: 'template-run:queued',
  running: 'template-run:start',
  success: 'template-run:success',
  failure: 'template-run:failure',
}

/** What others are told of a recorded event; undefined: nothing. */
export function notificationOf({ topic, type, data = {} }: Recorded): NotificationEvent | undefined {
  const status = String(data.status)
  if (type === 'build.status') return builds[status]
  if (type === 'job-run.status') return jobRuns[status]
  if (type === 'backup.status') return backups[status]
  if (type === 'service.status') return 'service:deployment:status-update'
  if (type === 'instance.crashed') return 'infrastructure:service:container-crash'
  if (topic !== 'run') return undefined
  const isTemplate = data.template !== undefined && data.template !== null
  if (type.startsWith('run.')) return (isTemplate ? templateRuns : flowRuns)[status]
  if (!type.startsWith('node.')) return undefined
  return isTemplate ? 'template-run:update' : 'release-flow-template-run:update'
}
