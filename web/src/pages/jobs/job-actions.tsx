import { deleteJob, type JobView, pauseJob, resumeJob, suspendJob } from '@fairway/contract/routes/jobs'
import { ActionIcon, Button, Menu } from '@mantine/core'
import { modals } from '@mantine/modals'
import {
  IconCalendarOff,
  IconDots,
  IconPlayerPause,
  IconPlayerPlay,
  IconRocket,
  IconTrash,
} from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { confirmByName } from '../../ui/confirm-by-name.tsx'
import { DeployDialog } from './deploy-dialog.tsx'
import type { JobParams } from './job-page.tsx'

type JobActionsProps = { params: JobParams; job: JobView }

/** Deploy, pause, the schedule's stop, and the end of a job. For tokens that may write. */
export function JobActions({ params, job }: JobActionsProps) {
  const [deploying, setDeploying] = useState(false)
  const act = useAction({
    run: (work: () => Promise<unknown>) => work(),
    refresh: ['projects', params.projectId, 'jobs'],
  })
  const resume = (): void =>
    act.mutate(() => call(resumeJob, { params, body: { disabledCI: false, disabledCD: false } }))
  return (
    <>
      {job.paused && (
        <Button
          variant="default"
          leftSection={<IconPlayerPlay size={16} />}
          loading={act.isPending}
          onClick={resume}
        >
          Resume
        </Button>
      )}
      <MoreActions params={params} job={job} onAct={act.mutate} onDeploy={() => setDeploying(true)} />
      {deploying && <DeployDialog params={params} job={job} onClose={() => setDeploying(false)} />}
    </>
  )
}

type MoreActionsProps = JobActionsProps & {
  onAct: (work: () => Promise<unknown>) => void
  onDeploy: () => void
}

function MoreActions({ params, job, onAct, onDeploy }: MoreActionsProps) {
  const cron = job.settings.cron
  const remove = useDelete(params, job)
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label="More actions">
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconRocket size={16} />} onClick={onDeploy}>
          Deploy a version
        </Menu.Item>
        {cron !== undefined && !job.paused && (
          <Menu.Item
            leftSection={cron.suspended ? <IconPlayerPlay size={16} /> : <IconCalendarOff size={16} />}
            onClick={() => onAct(() => call(suspendJob, { params, body: { suspended: !cron.suspended } }))}
          >
            {cron.suspended ? 'Go on with the schedule' : 'Suspend the schedule'}
          </Menu.Item>
        )}
        {!job.paused && (
          <Menu.Item
            leftSection={<IconPlayerPause size={16} />}
            onClick={() => askPause(job, () => onAct(() => call(pauseJob, { params })))}
          >
            Pause
          </Menu.Item>
        )}
        <Menu.Item c="var(--mantine-color-error)" leftSection={<IconTrash size={16} />} onClick={remove}>
          Delete
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function askPause({ name }: JobView, onConfirm: () => void): void {
  modals.openConfirmModal({
    title: `Pause ${name}?`,
    children:
      'Its schedule stops, and pushes are neither built nor deployed to it. Runs under way go on, and it can still be run by hand.',
    labels: { confirm: 'Pause', cancel: 'Cancel' },
    confirmProps: { color: 'red' },
    onConfirm,
  })
}

function useDelete(params: JobParams, { name }: JobView): () => void {
  const navigate = useNavigate()
  const remove = useAction({
    run: () => call(deleteJob, { params, query: {} }),
    done: `The job "${name}" is gone.`,
    // Away first: what is read again here is not there any more.
    after: () =>
      void navigate({ to: `/projects/${params.projectId}` }).then(() =>
        queryClient.invalidateQueries({ queryKey: ['projects', params.projectId] }),
      ),
  })
  return () =>
    confirmByName({
      title: `Delete ${name}`,
      what: 'Its runs, their logs and its builds are gone for good. It is refused while a run of it is under way.',
      name,
      onConfirm: () => remove.mutate(),
    })
}
