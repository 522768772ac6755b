import { type JobKind, jobBody } from '@fairway/contract/resources/job'
import { createJob } from '@fairway/contract/routes/jobs'
import { TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { call } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'
import { DialogButton } from '../../ui/dialog-button.tsx'
import { GitFields } from '../../ui/git-fields.tsx'
import { NameFields } from '../../ui/name-fields.tsx'

const FIELDS = [
  'name',
  'description',
  'deployment.vcs.projectUrl',
  'deployment.vcs.projectBranch',
  'settings.cron.schedule',
]

const START = {
  manual: { label: 'New job', settings: {} },
  cron: { label: 'New cron job', settings: { cron: { schedule: '0 3 * * *' } } },
} as const

/** Makes a job of a git repository, run by hand or on a schedule, and goes to it. */
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
      {({ value, set, problem }) => (
        <>
          <NameFields value={value} set={set} problem={problem} />
          <GitFields
            value={value.deployment?.vcs ?? { projectUrl: '', projectBranch: '' }}
            set={(vcs) => set({ deployment: { vcs } })}
            problem={(field) => problem(field.replace('vcsData', 'deployment.vcs'))}
          />
          {kind === 'cron' && (
            <TextInput
              label="Schedule"
              description="Minute, hour, day, month, weekday in UTC; or @daily and the like"
              withAsterisk
              value={value.settings?.cron?.schedule ?? ''}
              error={problem('settings.cron.schedule')}
              onChange={(event) => set({ settings: { cron: { schedule: event.currentTarget.value } } })}
            />
          )}
        </>
      )}
    </DialogButton>
  )
}
