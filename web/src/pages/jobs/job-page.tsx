import { abortJobRun, type jobRunView, listJobRuns, startJobRun } from '@fairway/contract/routes/job-runs'
import { getJob } from '@fairway/contract/routes/jobs'
import { jobLogStream } from '@fairway/contract/routes/streams'
import { Button, Drawer, Group, Stack, Table, Text } from '@mantine/core'
import { modals } from '@mantine/modals'
import { IconPlayerPlay } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { z } from 'zod'
import { call } from '../../api/client.ts'
import { read, readPage } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { Ago } from '../../ui/ago.tsx'
import { Deployed, type DeployedSource } from '../../ui/deployed.tsx'
import { Empty } from '../../ui/empty.tsx'
import { LiveLog } from '../../ui/live-log.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTabs } from '../../ui/page-tabs.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { Pages, usePages } from '../../ui/pages.tsx'
import { ShellPanel } from '../../ui/shell-panel.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { EnvironmentTab } from '../environment/environment-tab.tsx'
import { usePathParams } from '../path-params.ts'

type JobParams = { projectId: string; jobId: string }
type JobRun = z.output<typeof jobRunView>

/** A job: what it would run, its runs, and their logs. */
export function JobPage() {
  const params = usePathParams('projectId', 'jobId')
  const query = useQuery(read(getJob, { params }))
  const start = useAction({
    run: () => call(startJobRun, { params, body: {} }),
    refresh: ['projects', params.projectId, 'jobs', params.jobId],
    done: 'The run was started.',
  })
  const confirm = () =>
    modals.openConfirmModal({
      title: `Run ${params.jobId} now?`,
      children: 'It runs once with the version and the values it has now.',
      labels: { confirm: 'Run', cancel: 'Cancel' },
      onConfirm: () => start.mutate(),
    })
  return (
    <Loaded query={query}>
      {({ name, jobType, deployment, settings, artifact }) => (
        <>
          <PageTitle
            title={name}
            below={
              <Stack gap={2}>
                <Text size="sm" c="dimmed">
                  {jobType} job
                  {settings.cron === undefined ? '' : `, ${settings.cron.schedule} (UTC)`}
                </Text>
                <Deployed projectId={params.projectId} source={deployment as DeployedSource} />
              </Stack>
            }
          >
            <Button
              leftSection={<IconPlayerPlay size={16} />}
              onClick={confirm}
              loading={start.isPending}
              disabled={artifact === null}
              title={artifact === null ? 'Deploy a version first' : undefined}
            >
              Run
            </Button>
          </PageTitle>
          <PageTabs
            tabs={[
              { id: 'runs', label: 'Runs', content: () => <Runs params={params} /> },
              {
                id: 'variables',
                label: 'Variables',
                content: () => <EnvironmentTab owner={{ kind: 'job', params }} builds={false} runs />,
              },
            ]}
          />
        </>
      )}
    </Loaded>
  )
}

function Runs({ params }: { params: JobParams }) {
  const pages = usePages()
  const query = useQuery(readPage(listJobRuns, { params, query: pages.query as never }))
  const [shown, show] = useState<string>()
  return (
    <Loaded query={query}>
      {({ data: { runs }, next }) =>
        runs.length === 0 ? (
          <Empty title="Never run">Run it now, or in a release.</Empty>
        ) : (
          <>
            <RunTable runs={runs} onShow={show} />
            <Pages pages={pages} next={next} />
            <RunDrawer
              params={params}
              run={runs.find(({ id }) => id === shown)}
              onClose={() => show(undefined)}
            />
          </>
        )
      }
    </Loaded>
  )
}

function RunTable({ runs, onShow }: { runs: readonly JobRun[]; onShow: (id: string) => void }) {
  return (
    <Table.ScrollContainer minWidth={520}>
      <Table highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Run</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Started by</Table.Th>
            <Table.Th>When</Table.Th>
            <Table.Th>
              <span className="mantine-visually-hidden">Log</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {runs.map(({ id, runName, status, trigger, createdAt }) => (
            <Table.Tr key={id}>
              <Table.Td>{runName}</Table.Td>
              <Table.Td>
                <StatusBadge status={status} />
              </Table.Td>
              <Table.Td>{trigger}</Table.Td>
              <Table.Td>
                <Ago at={createdAt} />
              </Table.Td>
              <Table.Td>
                <Button
                  size="xs"
                  variant="default"
                  onClick={() => onShow(id)}
                  aria-label={`Log of run ${runName}`}
                >
                  Log
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

type RunDrawerProps = { params: JobParams; run: JobRun | undefined; onClose: () => void }

function RunDrawer({ params, run, onClose }: RunDrawerProps) {
  const abort = useAction({
    run: (runId: string) => call(abortJobRun, { params: { ...params, runId } }),
    refresh: ['projects', params.projectId, 'jobs', params.jobId],
    done: 'The run was asked to stop.',
  })
  return (
    <Drawer
      opened={run !== undefined}
      onClose={onClose}
      position="right"
      size="xl"
      title={`Run ${run?.runName ?? ''}`}
    >
      {run !== undefined && (
        <Stack>
          <Group>
            <StatusBadge status={run.status} />
            <Text size="sm">{messageOf(run.error)}</Text>
            {!run.concluded && (
              <Button
                size="xs"
                color="red"
                variant="default"
                onClick={() => abort.mutate(run.id)}
                loading={abort.isPending}
              >
                Abort
              </Button>
            )}
          </Group>
          <LiveLog
            route={jobLogStream}
            params={params}
            query={{ follow: 'true', run: run.id, tail: 5000 }}
            height={560}
          />
          {run.status === 'RUNNING' && (
            <ShellPanel
              owner={{ projectId: params.projectId, kind: 'jobs', id: params.jobId }}
              instances={[{ id: run.id, label: run.runName }]}
            />
          )}
        </Stack>
      )}
    </Drawer>
  )
}

const messageOf = (error: unknown): string =>
  (error as { message?: string } | undefined | null)?.message ?? ''
