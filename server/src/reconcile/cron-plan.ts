import { Cron } from 'croner'

/** What a schedule's next look has to do. Pure apart from reading the schedule. */
export type CronStep =
  | { do: 'off' }
  /** Nothing is due; `next` is the time to store and wait for. */
  | { do: 'wait'; next: Date }
  | { do: 'tick'; at: Date; next: Date }
  /** The time passed while nobody looked; it is not made up for. */
  | { do: 'missed'; at: Date; next: Date }

export type PlannedSchedule = {
  /** Undefined: no schedule, or one that is paused or suspended. */
  schedule: string | undefined
  nextAt: Date | null
}

/** A server that is this late was away, not busy. */
const TOLERANCE_MS = 30_000

export function planCron({ schedule, nextAt }: PlannedSchedule, now: Date): CronStep {
  const next = schedule === undefined ? null : nextRun(schedule, now)
  if (next === null) return { do: 'off' }
  if (nextAt === null) return { do: 'wait', next }
  if (nextAt > now) return { do: 'wait', next: nextAt }
  const isLate = now.getTime() - nextAt.getTime() > TOLERANCE_MS
  return { do: isLate ? 'missed' : 'tick', at: nextAt, next }
}

/** The first time of the schedule after `now`, in UTC. */
function nextRun(schedule: string, now: Date): Date | null {
  return new Cron(schedule, { paused: true, timezone: 'UTC' }).nextRun(now)
}
