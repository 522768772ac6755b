import { abortJobRun, type jobRunView, listJobRuns } from '@fairway/contract/routes/job-runs'
import { jobLogStream } from '@fairway/contract/routes/streams'
import { Button, Drawer, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import { call } from '../../api/client.ts'
import { readPage } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { useMay } from '../../api/use-permission.ts'
import { Ago } from '../../ui/ago.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Empty } from '../../ui/empty.tsx'
import { LiveLog } from '../../ui/live-log.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Pages, usePages } from '../../ui/pages.tsx'
import { ShellPanel } from '../../ui/shell-panel.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import type { JobParams } from './job-page.tsx'

type JobRun = z.output<typeof jobRunView>
type RunsTabProps = { params: JobParams; shown: string | undefined; onShow(runId: string | undefined): void }

/** The runs of a job, newest first, with their logs. */
export function RunsTab({ params, shown, onShow }: RunsTabProps) {
  const pages = usePages()
  const query = useQuery(readPage(listJobRuns, { params, query: pages.query as never }))
  return (
    <Loaded query={query}>
      {({ data: { runs }, next }) =>
        runs.length === 0 ? (
          <Empty title="Never run">Run it now, or in a release.</Empty>
        ) : (
          <>
            <DataTable
              head={['Run', 'State', 'Started by', 'When', 'Took', '']}
              minWidth={680}
              rows={runs.map((run) => ({ key: run.id, cells: cellsOf(run, onShow) }))}
            />
            <Pages pages={pages} next={next} />
            <RunDrawer
              params={params}
              run={runs.find(({ id }) => id === shown)}
              onClose={() => onShow(undefined)}
            />
          </>
        )
      }
    </Loaded>
  )
}

const cellsOf = (run: JobRun, onShow: (id: string) => void) => [
  run.runName,
  <StatusBadge key="state" status={run.status} />,
  run.trigger,
  <Ago key="when" at={run.createdAt} />,
  tookWords(run),
  <Button
    key="log"
    size="xs"
    variant="default"
    onClick={() => onShow(run.id)}
    aria-label={`Log of run ${run.runName}`}
  >
    Log
  </Button>,
]

/** `3.2 s`, `4 min 10 s`; empty while it is not over. Pure. */
function tookWords({ startedAt, concludedAt }: Pick<JobRun, 'startedAt' | 'concludedAt'>): string {
  if (startedAt === null || concludedAt === null) return ''
  const seconds = (Date.parse(concludedAt) - Date.parse(startedAt)) / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
}

type RunDrawerProps = { params: JobParams; run: JobRun | undefined; onClose: () => void }

function RunDrawer({ params, run, onClose }: RunDrawerProps) {
  return (
    <Drawer
      opened={run !== undefined}
      onClose={onClose}
      position="right"
      size="xl"
      title={`Run ${run?.runName ?? ''}`}
    >
      {run !== undefined && <RunDetails params={params} run={run} />}
    </Drawer>
  )
}

function RunDetails({ params, run }: { params: JobParams; run: JobRun }) {
  const mayWrite = useMay('write')
  const abort = useAction({
    run: () => call(abortJobRun, { params: { ...params, runId: run.id } }),
    refresh: ['projects', params.projectId, 'jobs', params.jobId],
    done: 'The run was asked to stop.',
  })
  return (
    <Stack>
      <Group>
        <StatusBadge status={run.status} />
        <Text size="sm">{messageOf(run.error)}</Text>
        {run.failed > 0 && (
          <Text size="sm" c="dimmed">
            failed attempts: {run.failed} of {run.backoffLimit + 1}
          </Text>
        )}
        {!run.concluded && mayWrite && (
          <Button
            size="xs"
            color="red"
            variant="default"
            onClick={() => abort.mutate()}
            loading={abort.isPending}
          >
            Abort
          </Button>
        )}
      </Group>
      {run.status === 'QUEUED' ? (
        <Text size="sm">It waits to be started; its log begins then.</Text>
      ) : (
        // Another attempt has another log.
        <LiveLog
          key={run.failed}
          route={jobLogStream}
          params={params}
          query={{ follow: 'true', run: run.id, tail: 5000 }}
          height={560}
          goesOn={!run.concluded}
        />
      )}
      {run.status === 'RUNNING' && (
        <ShellPanel
          owner={{ projectId: params.projectId, kind: 'jobs', id: params.jobId }}
          instances={[{ id: run.id, label: run.runName }]}
        />
      )}
    </Stack>
  )
}

const messageOf = (error: unknown): string =>
  (error as { message?: string } | undefined | null)?.message ?? ''
