import { type JobView, patchJob } from '@fairway/contract/routes/jobs'
import { Fieldset, Stack, TextInput } from '@mantine/core'
import type { ReactNode } from 'react'
import { call } from '../../api/client.ts'
import { CommandFields } from '../../ui/command-fields.tsx'
import { LimitFields } from '../../ui/limit-fields.tsx'
import { PlanField } from '../../ui/plan-field.tsx'
import { SettingsForm } from '../../ui/settings-form.tsx'
import { BuildFields, SourceFields } from './build-fields.tsx'
import { JOB_FIELDS, type JobPartProps, jobPatch, savedOf } from './job-form.ts'
import type { JobParams } from './job-page.tsx'
import { RetryFields, ScheduleFields } from './run-fields.tsx'

/** Everything about a job that can be changed. */
export function JobSettingsTab({ params, job }: { params: JobParams; job: JobView }) {
  return (
    <Stack maw={640}>
      <SettingsForm
        schema={jobPatch}
        current={() => savedOf(job)}
        fields={JOB_FIELDS}
        send={(body) => call(patchJob, { params, body })}
        done="Saved. The next runs and builds use it."
        refresh={['projects', params.projectId, 'jobs']}
      >
        {({ value, set, problem }, saved) => (
          <Parts job={job} saved={saved} value={value} set={set} problem={problem} />
        )}
      </SettingsForm>
    </Stack>
  )
}

function Parts(props: JobPartProps) {
  const { job, saved, value, set, problem } = props
  return (
    <>
      <TextInput
        label="Description"
        value={value.description ?? ''}
        error={problem('description')}
        onChange={(event) => set({ description: event.currentTarget.value })}
      />
      {job.settings.cron !== undefined && (
        <Part title="Schedule">
          <ScheduleFields {...props} />
        </Part>
      )}
      <Part title="Runs">
        <RetryFields {...props} />
        <CommandFields
          value={value.deployment?.docker ?? {}}
          unchanged="What the version says"
          problem={(field) => problem(`deployment.docker.${field}`)}
          set={(docker) => set({ deployment: { ...value.deployment, docker } })}
        />
      </Part>
      <Part title="Size">
        <PlanField
          label="Plan"
          value={value.billing?.deploymentPlan}
          problem={problem('billing.deploymentPlan')}
          set={(deploymentPlan) => set({ billing: { ...value.billing, deploymentPlan } })}
        />
        <LimitFields saved={saved} value={value} set={set} problem={problem} />
      </Part>
      <Part title="Versions">
        <SourceFields {...props} />
      </Part>
      {job.vcsData !== undefined && (
        <Part title="Builds">
          <BuildFields {...props} />
        </Part>
      )}
    </>
  )
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Fieldset legend={title}>
      <Stack>{children}</Stack>
    </Fieldset>
  )
}
