import { type JobView, patchJob } from '@fairway/contract/routes/jobs'
import { Fieldset, Stack, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { type ReactNode, useState } from 'react'
import { call } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'
import { changesOf } from '../../ui/changes-of.ts'
import { CommandFields } from '../../ui/command-fields.tsx'
import { FormPanel } from '../../ui/form-panel.tsx'
import { LimitFields } from '../../ui/limit-fields.tsx'
import { PlanField } from '../../ui/plan-field.tsx'
import { BuildFields, SourceFields } from './build-fields.tsx'
import { JOB_FIELDS, type JobPartProps, type JobPatch, jobPatch, savedOf } from './job-form.ts'
import type { JobParams } from './job-page.tsx'
import { RetryFields, ScheduleFields } from './run-fields.tsx'

/** Everything about a job that can be changed. Only what was changed is sent, so others' changes stay. */
export function JobSettingsTab({ params, job }: { params: JobParams; job: JobView }) {
  // What the form began with: what others save meanwhile is not taken back by it.
  const [saved, setSaved] = useState(() => savedOf(job))
  const save = async (body: JobPatch): Promise<void> => {
    await call(patchJob, { params, body: changesOf(saved, body) ?? {} })
    setSaved(body)
    notifications.show({ message: 'Saved. The next runs and builds use it.', color: 'green' })
    await queryClient.invalidateQueries({ queryKey: ['projects', params.projectId, 'jobs'] })
  }
  return (
    <Stack maw={640}>
      <FormPanel
        schema={jobPatch}
        initial={saved}
        action="Save"
        fields={JOB_FIELDS}
        run={save}
        aside={{
          label: 'Discard',
          act: ({ replace }) => {
            setSaved(savedOf(job))
            replace(savedOf(job))
          },
        }}
      >
        {({ value, set, problem }) => (
          <Parts job={job} saved={saved} value={value} set={set} problem={problem} />
        )}
      </FormPanel>
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
