import { getJob, type JobView } from '@fairway/contract/routes/jobs'
import { Alert, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { read } from '../../api/queries.ts'
import { useMay } from '../../api/use-permission.ts'
import { Deployed, type DeployedSource } from '../../ui/deployed.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTabs } from '../../ui/page-tabs.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { EnvironmentTab } from '../environment/environment-tab.tsx'
import { usePathParams } from '../path-params.ts'
import { BuildsTab } from './builds-tab.tsx'
import { JobActions } from './job-actions.tsx'
import { JobSettingsTab } from './job-settings-tab.tsx'
import { NextRun } from './next-run.tsx'
import { RunButton } from './run-button.tsx'
import { RunsTab } from './runs-tab.tsx'

export type JobParams = { projectId: string; jobId: string }

/** The next time of a schedule is worked out a moment after it was changed, without an event. */
const awaitsNextRun = ({ paused, settings: { cron } }: JobView): boolean =>
  cron !== undefined && !paused && !cron.suspended && cron.nextRunAt === null

/** A job: what it would run, its runs and their logs, and everything about it that can be changed. */
export function JobPage() {
  const params = usePathParams('projectId', 'jobId')
  const query = useQuery({
    ...read(getJob, { params }),
    refetchInterval: ({ state: { data } }) =>
      data !== undefined && awaitsNextRun(data as JobView) ? 1_000 : false,
  })
  return (
    <Loaded query={query}>
      {(job) => <Shown key={params.jobId} params={params} job={job as JobView} />}
    </Loaded>
  )
}

function Shown({ params, job }: { params: JobParams; job: JobView }) {
  const mayWrite = useMay('write')
  const [shownRun, showRun] = useState<string>()
  const builds = job.vcsData !== undefined
  const tabs = [
    {
      id: 'runs',
      label: 'Runs',
      content: () => <RunsTab params={params} shown={shownRun} onShow={showRun} />,
    },
    ...(builds
      ? [{ id: 'builds', label: 'Builds', content: () => <BuildsTab params={params} job={job} /> }]
      : []),
    {
      id: 'variables',
      label: 'Variables',
      content: () => <Variables params={params} builds={builds} />,
    },
    ...(mayWrite
      ? [{ id: 'settings', label: 'Settings', content: () => <JobSettingsTab params={params} job={job} /> }]
      : []),
  ]
  return (
    <>
      <PageTitle title={job.name} below={<State params={params} job={job} />}>
        {mayWrite && (
          <>
            <RunButton params={params} job={job} onStarted={showRun} />
            <JobActions params={params} job={job} />
          </>
        )}
      </PageTitle>
      <PageTabs tabs={tabs} />
    </>
  )
}

function State({ params, job }: { params: JobParams; job: JobView }) {
  return (
    <Stack gap={4}>
      {job.description !== '' && <Text size="sm">{job.description}</Text>}
      <Group gap="sm">
        {job.paused && <StatusBadge status="paused" />}
        <Text size="sm" c="dimmed">
          {job.jobType} job
        </Text>
        <NextRun job={job} />
      </Group>
      <Deployed projectId={params.projectId} source={sourceOf(job)} />
    </Stack>
  )
}

/** Its own builds are no service's. */
function sourceOf({ deployment, vcsData }: JobView): DeployedSource {
  const { internal, ...source } = deployment as DeployedSource
  if (internal === undefined || vcsData === undefined) return deployment as DeployedSource
  return { ...source, internal: { ...internal, nfObjectType: 'job' } }
}

/** Reading and setting them needs a token that may read secrets. */
function Variables({ params, builds }: { params: JobParams; builds: boolean }) {
  if (useMay('admin')) return <EnvironmentTab owner={{ kind: 'job', params }} builds={builds} runs />
  return (
    <Alert title="Values are secret">
      Your token may not read them. Sign in with a token that has the permission admin.
    </Alert>
  )
}
