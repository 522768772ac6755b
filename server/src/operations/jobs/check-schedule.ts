import { FairwayError } from '@fairway/contract/errors'
import type { JobSpec } from '@fairway/contract/resources/job'
import { Cron } from 'croner'

/** Refuses a schedule with values out of range, which its shape alone does not show. */
export function checkSchedule({ settings }: JobSpec): void {
  const schedule = settings.cron?.schedule
  if (schedule === undefined) return
  const why = scheduleProblem(schedule)
  if (why === undefined) return
  throw new FairwayError('invalid_request', `settings.cron.schedule: ${why}`, {
    problems: [{ field: 'settings.cron.schedule', rule: why }],
  })
}

/** What is wrong with a schedule of the right shape; undefined when it has a next time. */
export function scheduleProblem(schedule: string): string | undefined {
  try {
    const cron = new Cron(schedule, { paused: true, timezone: 'UTC' })
    return cron.nextRun() === null ? 'never comes' : undefined
  } catch (error) {
    return `is not a cron schedule (${error instanceof Error ? error.message : String(error)})`
  }
}
