import { NumberInput, Select, TextInput } from '@mantine/core'
import type { JobPartProps, JobPatch } from './job-form.ts'

type Settings = NonNullable<JobPatch['settings']>

const POLICIES = [
  { value: 'allow', label: 'Run beside it' },
  { value: 'forbid', label: 'Leave this time out' },
  { value: 'replace', label: 'Abort it and run anew' },
] as const

/** When a cron job runs, and what happens when its last run is not over by then. */
export function ScheduleFields({ value, set, problem }: JobPartProps) {
  const { cron } = value.settings ?? {}
  const change = (part: NonNullable<Settings['cron']>): void =>
    set({ settings: { ...value.settings, cron: { ...cron, ...part } } })
  return (
    <>
      <TextInput
        label="Schedule"
        description="Minute, hour, day, month, weekday in UTC; or @daily and the like"
        withAsterisk
        value={cron?.schedule ?? ''}
        error={problem('settings.cron.schedule')}
        onChange={(event) => change({ schedule: event.currentTarget.value })}
      />
      <Select
        label="When the run before is not over"
        allowDeselect={false}
        data={POLICIES}
        value={cron?.concurrencyPolicy ?? 'allow'}
        error={problem('settings.cron.concurrencyPolicy')}
        onChange={(chosen) =>
          change({ concurrencyPolicy: POLICIES.find((policy) => policy.value === chosen)?.value ?? 'allow' })
        }
      />
    </>
  )
}

const SOURCE_CHANGES = [
  { value: 'never', label: 'Never' },
  { value: 'cd-promote', label: 'When a new build or a release brings it' },
  { value: 'always', label: 'Also when it is deployed by hand' },
] as const

/** How often a run is tried, how long it may take, and whether a new version runs at once. */
export function RetryFields({ value, set, problem }: JobPartProps) {
  const settings = value.settings ?? {}
  const change = (part: Settings): void => set({ settings: { ...settings, ...part } })
  return (
    <>
      <NumberInput
        label="Retries"
        description="Before the run has failed"
        min={0}
        max={100}
        allowDecimal={false}
        value={settings.backoffLimit ?? 0}
        error={problem('settings.backoffLimit')}
        onChange={(backoffLimit) => change({ backoffLimit: Number(backoffLimit) })}
      />
      <NumberInput
        label="Time limit in seconds"
        description="Of the whole run, retries included. Left empty: none"
        min={1}
        allowDecimal={false}
        value={settings.activeDeadlineSeconds ?? ''}
        error={problem('settings.activeDeadlineSeconds')}
        onChange={(seconds) => change({ activeDeadlineSeconds: seconds === '' ? null : Number(seconds) })}
      />
      <NumberInput
        label="Seconds to end by itself"
        description="Between being asked to stop and being killed"
        min={0}
        max={600}
        allowDecimal={false}
        value={value.deployment?.gracePeriodSeconds ?? 30}
        error={problem('deployment.gracePeriodSeconds')}
        onChange={(seconds) =>
          set({ deployment: { ...value.deployment, gracePeriodSeconds: Number(seconds) } })
        }
      />
      <Select
        label="Run at once when the version is a new one"
        allowDeselect={false}
        data={SOURCE_CHANGES}
        value={settings.runOnSourceChange ?? 'never'}
        error={problem('settings.runOnSourceChange')}
        onChange={(chosen) =>
          change({ runOnSourceChange: SOURCE_CHANGES.find((one) => one.value === chosen)?.value ?? 'never' })
        }
      />
    </>
  )
}
