import type { BackupSchedule } from '@fairway/contract/resources/addon'

type Scheduling = BackupSchedule['scheduling']

const HOURS = Array.from({ length: 24 }, (_, hour) => hour)
const DAY_MS = 24 * 60 * 60_000
const DAYS_AHEAD = 8

/** The first minute strictly after `after` at which the schedule is due. UTC; day 0 is Monday. */
export function nextBackupAt(scheduling: Scheduling, after: Date): Date {
  const midnight = Date.UTC(after.getUTCFullYear(), after.getUTCMonth(), after.getUTCDate())
  for (let ahead = 0; ahead < DAYS_AHEAD; ahead += 1) {
    const found = timesOfDay(scheduling, midnight + ahead * DAY_MS).find((time) => time > after.getTime())
    if (found !== undefined) return new Date(found)
  }
  throw new Error('broken invariant: a schedule is due at least once a week')
}

/** When the schedule is due on the day that begins at `midnight`, in order. */
function timesOfDay(scheduling: Scheduling, midnight: number): number[] {
  if (scheduling.interval === 'weekly' && !scheduling.day.includes(mondayBased(midnight))) return []
  const hours = scheduling.interval === 'hourly' ? HOURS : scheduling.hour
  return hours
    .flatMap((hour) => scheduling.minute.map((minute) => midnight + (hour * 60 + minute) * 60_000))
    .sort((a, b) => a - b)
}

const mondayBased = (time: number): number => (new Date(time).getUTCDay() + 6) % 7
