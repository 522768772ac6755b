import type { BackupSchedule } from '@fairway/contract/resources/addon'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nextBackupAt } from './next-backup.ts'

type Scheduling = BackupSchedule['scheduling']

// 2026-11-23 is a Monday.
test.each<[string, Scheduling, string, string]>([
  [
    'hourly, later this hour',
    { interval: 'hourly', minute: [15, 45] },
    '2026-11-23T10:20:00Z',
    '2026-11-23T10:45:00Z',
  ],
  [
    'hourly, at that very minute: the next one',
    { interval: 'hourly', minute: [15] },
    '2026-11-23T10:15:00Z',
    '2026-11-23T11:15:00Z',
  ],
  [
    'hourly, over midnight',
    { interval: 'hourly', minute: [5] },
    '2026-11-23T23:30:00Z',
    '2026-11-24T00:05:00Z',
  ],
  [
    'daily, tomorrow',
    { interval: 'daily', hour: [3], minute: [0] },
    '2026-11-23T04:00:00Z',
    '2026-11-24T03:00:00Z',
  ],
  [
    'daily, the earliest of several',
    { interval: 'daily', hour: [18, 6], minute: [30, 0] },
    '2026-11-23T06:10:00Z',
    '2026-11-23T06:30:00Z',
  ],
  [
    'weekly, day 0 is Monday',
    { interval: 'weekly', day: [0], hour: [2], minute: [0] },
    '2026-11-23T02:00:00Z',
    '2026-11-30T02:00:00Z',
  ],
  [
    'weekly, day 6 is Sunday',
    { interval: 'weekly', day: [6], hour: [2], minute: [0] },
    '2026-11-23T02:00:00Z',
    '2026-11-29T02:00:00Z',
  ],
])('%s', (_, scheduling, after, expected) => {
  expect(nextBackupAt(scheduling, new Date(after)).toISOString()).toBe(new Date(expected).toISOString())
})

const few = (max: number) => fc.uniqueArray(fc.integer({ min: 0, max }), { minLength: 1, maxLength: 4 })

test('it is later than now, at a minute, hour and day that the schedule names, and within a week', () => {
  const schedules = fc.record({ minute: few(59), hour: few(23), day: few(6) })
  const times = fc.date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true })
  fc.assert(
    fc.property(schedules, times, (parts, after) => {
      const next = nextBackupAt({ interval: 'weekly', ...parts }, after)
      expect(next.getTime()).toBeGreaterThan(after.getTime())
      expect(next.getTime() - after.getTime()).toBeLessThanOrEqual(8 * 24 * 3_600_000)
      expect(parts.minute).toContain(next.getUTCMinutes())
      expect(parts.hour).toContain(next.getUTCHours())
      expect(parts.day).toContain((next.getUTCDay() + 6) % 7)
    }),
  )
})
