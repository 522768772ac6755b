import type { backupSchedule } from '@fairway/contract/resources/addon'
import { MultiSelect, NumberInput, Select } from '@mantine/core'
import type { z } from 'zod'
import { BackupFields } from './backup-fields.tsx'
import { WEEKDAYS } from './when-words.ts'

type Schedule = z.input<typeof backupSchedule>
type Scheduling = Schedule['scheduling']

export const SCHEDULE_FIELDS = [
  'scheduling.minute',
  'scheduling.hour',
  'scheduling.day',
  'retentionTime',
  'backupType',
  'compressionType',
  'customDestinationId',
] as const

type ScheduleFieldsProps = {
  value: Schedule
  set(change: Partial<Schedule>): void
  problem(field: string): string | undefined
}

const INTERVALS = [
  { value: 'hourly', label: 'Every hour' },
  { value: 'daily', label: 'Every day' },
  { value: 'weekly', label: 'On days of the week' },
] as const

const numbered = (count: number, words = (number: number) => String(number).padStart(2, '0')) =>
  Array.from({ length: count }, (_, number) => ({ value: String(number), label: words(number) }))

const PARTS = {
  day: { label: 'Days', data: numbered(7, (day) => WEEKDAYS[day] ?? '') },
  hour: { label: 'Hours (UTC)', data: numbered(24) },
  minute: { label: 'Minutes', data: numbered(60) },
} as const

/** The same times for another interval, as far as it has them. Pure. */
function withInterval(before: Scheduling, interval: Scheduling['interval']): Scheduling {
  const { minute } = before
  const hour = 'hour' in before ? before.hour : [3]
  if (interval === 'hourly') return { interval, minute }
  if (interval === 'daily') return { interval, minute, hour }
  return { interval, minute, hour, day: 'day' in before ? before.day : [0] }
}

/** When backups are made, of which kind, where they go and how long they are kept. */
export function ScheduleFields({ value, set, problem }: ScheduleFieldsProps) {
  const { scheduling } = value
  return (
    <>
      <Select
        label="How often"
        allowDeselect={false}
        data={INTERVALS}
        value={scheduling.interval}
        onChange={(chosen) => {
          const interval = INTERVALS.find((one) => one.value === chosen)?.value ?? 'daily'
          set({ scheduling: withInterval(scheduling, interval) })
        }}
      />
      {(['day', 'hour', 'minute'] as const)
        .filter((part) => part in scheduling)
        .map((part) => (
          <MultiSelect
            key={part}
            label={PARTS[part].label}
            withAsterisk
            searchable
            data={PARTS[part].data}
            value={((scheduling as Partial<Record<typeof part, number[]>>)[part] ?? []).map(String)}
            error={problem(`scheduling.${part}`)}
            onChange={(chosen) =>
              set({ scheduling: { ...scheduling, [part]: chosen.map(Number).toSorted((a, b) => a - b) } })
            }
          />
        ))}
      <NumberInput
        label="Kept for days"
        withAsterisk
        min={1}
        allowDecimal={false}
        value={value.retentionTime}
        error={problem('retentionTime')}
        onChange={(days) => set({ retentionTime: Number(days) })}
      />
      <BackupFields value={value} set={set} problem={problem} />
    </>
  )
}
