import { type JobKind, jobBody } from '@fairway/contract/resources/job'
import { createJob } from '@fairway/contract/routes/jobs'
import { TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { call } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'
import { BUILD_SETTINGS, BuildSettingsFields } from '../../ui/build-settings-fields.tsx'
import { DialogButton } from '../../ui/dialog-button.tsx'
import { GitFields } from '../../ui/git-fields.tsx'
import { NameFields } from '../../ui/name-fields.tsx'
import { PlanField } from '../../ui/plan-field.tsx'
import { SOURCE, SourceFields } from '../../ui/source-fields.tsx'
import type { BodyForm } from '../../ui/use-body.ts'

const FIELDS = [
  'name',
  'description',
  ...SOURCE,
  'deployment.vcs.projectUrl',
  'deployment.vcs.projectBranch',
  ...BUILD_SETTINGS,
  'settings.cron.schedule',
  'billing.deploymentPlan',
]

const START = {
  manual: { label: 'New job', settings: {} },
  cron: { label: 'New cron job', settings: { cron: { schedule: '0 3 * * *' } } },
} as const

/** Makes a job, run by hand or on a schedule, and goes to it. */
export function NewJob({ projectId, kind }: { projectId: string; kind: JobKind }) {
  const navigate = useNavigate()
  const { label, settings } = START[kind]
  return (
    <DialogButton
      label={label}
      variant="default"
      size="xs"
      action="Create"
      schema={jobBody}
      initial={{ name: '', settings, deployment: { vcs: { projectUrl: '', projectBranch: 'main' } } }}
      fields={FIELDS}
      run={async (body) => {
        const { id } = await call(createJob, { params: { projectId }, body })
        await queryClient.invalidateQueries({ queryKey: ['projects', projectId] })
        await navigate({ to: `/projects/${projectId}/jobs/${id}` as never })
      }}
    >
      {(form) => (
        <>
          <NameFields {...form} />
          {kind === 'cron' && <ScheduleField {...form} />}
          <VersionFields projectId={projectId} {...form} />
          <PlanField
            label="Plan"
            none="No limit"
            value={form.value.billing?.deploymentPlan}
            problem={form.problem('billing.deploymentPlan')}
            set={(deploymentPlan) => form.set({ billing: { deploymentPlan } })}
          />
        </>
      )}
    </DialogButton>
  )
}

type Part = Pick<BodyForm<typeof jobBody>, 'value' | 'set' | 'problem'>

function ScheduleField({ value, set, problem }: Part) {
  return (
    <TextInput
      label="Schedule"
      description="Minute, hour, day, month, weekday in UTC; or @daily and the like"
      withAsterisk
      value={value.settings?.cron?.schedule ?? ''}
      error={problem('settings.cron.schedule')}
      onChange={(event) => set({ settings: { cron: { schedule: event.currentTarget.value } } })}
    />
  )
}

function VersionFields({ projectId, value, set, problem }: Part & { projectId: string }) {
  const { vcs, internal, external, ...deployment } = value.deployment ?? {}
  return (
    <SourceFields
      projectId={projectId}
      value={{ vcs, internal, external }}
      // How builds are made says nothing where there are none.
      set={(source) => set({ deployment: { ...deployment, ...source }, buildSettings: {} })}
      problem={problem}
    >
      {vcs !== undefined && (
        <>
          <GitFields
            value={vcs}
            set={(next) => set({ deployment: { ...deployment, vcs: { ...vcs, ...next } } })}
            problem={(field) => problem(field.replace('vcsData', 'deployment.vcs'))}
          />
          <BuildSettingsFields
            value={value.buildSettings ?? {}}
            set={(buildSettings) => set({ buildSettings })}
            problem={problem}
          />
        </>
      )}
    </SourceFields>
  )
}
