import type { BackupSchedule } from '@fairway/contract/resources/addon'

/** As the API numbers them: 0 is Monday. */
export const WEEKDAYS = [
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
  'Sunday',
] as const

type Scheduling = BackupSchedule['scheduling']

const two = (number: number): string => String(number).padStart(2, '0')

/** `Every day at 03:00 (UTC)`. Pure. */
export function whenWords(scheduling: Scheduling): string {
  if (scheduling.interval === 'hourly') return `Every hour at ${listed(scheduling.minute.map(two), 'minute')}`
  const times = scheduling.hour.flatMap((hour) =>
    scheduling.minute.map((minute) => `${two(hour)}:${two(minute)}`),
  )
  const days =
    scheduling.interval === 'weekly' ? scheduling.day.map((day) => WEEKDAYS[day]).join(', ') : 'day'
  return `Every ${days} at ${times.join(', ')} (UTC)`
}

const listed = (parts: readonly string[], noun: string): string =>
  `${noun}${parts.length === 1 ? '' : 's'} ${parts.join(', ')}`
