import { type buildView, jobBuilds, jobLogs } from '@fairway/contract/routes/builds'
import type { JobView } from '@fairway/contract/routes/jobs'
import { Button, Code, Drawer, Group, Stack, Text, TextInput } from '@mantine/core'
import { IconHammer } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { z } from 'zod'
import { call } from '../../api/client.ts'
import { queryClient, read, readPage } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { useMay } from '../../api/use-permission.ts'
import { Ago } from '../../ui/ago.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { DialogButton } from '../../ui/dialog-button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Pages, usePages } from '../../ui/pages.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import type { JobParams } from './job-page.tsx'

type Build = z.output<typeof buildView>

const startBody = jobBuilds.start.body as NonNullable<typeof jobBuilds.start.body>

/** How often the log of a build under way is read again. */
const READ_AGAIN_MS = 1_000

/** The builds of a job of a git repository, newest first. */
export function BuildsTab({ params, job }: { params: JobParams; job: JobView }) {
  const pages = usePages()
  const query = useQuery(readPage(jobBuilds.list, { params, query: pages.query as never }))
  const [shown, show] = useState<string>()
  const mayWrite = useMay('write')
  return (
    <Stack>
      {mayWrite && (
        <Group justify="flex-end">
          <StartBuild params={params} job={job} onStarted={show} />
        </Group>
      )}
      <Loaded query={query}>
        {({ data: { builds }, next }) =>
          builds.length === 0 ? (
            <Empty title="No build yet">A build makes a commit into what runs.</Empty>
          ) : (
            <>
              <DataTable
                head={['Commit', 'State', 'Started', '']}
                rows={builds.map((build) => ({ key: build.id, cells: cellsOf(build, show) }))}
              />
              <Pages pages={pages} next={next} />
              <BuildDrawer
                params={params}
                build={builds.find(({ id }) => id === shown)}
                onClose={() => show(undefined)}
              />
            </>
          )
        }
      </Loaded>
    </Stack>
  )
}

const cellsOf = ({ id, sha, branch, message, status, createdAt }: Build, show: (id: string) => void) => [
  <div key="commit">
    <Code>{sha?.slice(0, 7) ?? '…'}</Code> {branch}
    <Text size="xs" c="dimmed" lineClamp={1}>
      {message?.split('\n')[0] ?? id}
    </Text>
  </div>,
  <StatusBadge key="state" status={status} />,
  <Ago key="started" at={createdAt} />,
  <Button key="log" size="xs" variant="default" onClick={() => show(id)} aria-label={`Log of build ${id}`}>
    Log
  </Button>,
]

type StartBuildProps = { params: JobParams; job: JobView; onStarted(buildId: string): void }

function StartBuild({ params, job, onStarted }: StartBuildProps) {
  const branch = String(job.vcsData?.projectBranch ?? '')
  return (
    <DialogButton
      label="Start a build"
      icon={<IconHammer size={16} />}
      action="Start"
      schema={startBody}
      initial={{ branch }}
      fields={['branch', 'sha']}
      run={async (body) => {
        const { id } = await call(jobBuilds.start, { params, body })
        await queryClient.invalidateQueries({ queryKey: ['projects', params.projectId, 'jobs'] })
        onStarted(id)
      }}
    >
      {({ value, set, problem }) => (
        <>
          <TextInput
            label="Branch"
            withAsterisk
            value={value.branch ?? ''}
            error={problem('branch')}
            onChange={(event) => set({ branch: event.currentTarget.value })}
          />
          <TextInput
            label="Commit"
            description="Left empty: the newest of the branch"
            value={value.sha ?? ''}
            error={problem('sha')}
            onChange={(event) => set({ sha: event.currentTarget.value || undefined })}
          />
        </>
      )}
    </DialogButton>
  )
}

type BuildDrawerProps = { params: JobParams; build: Build | undefined; onClose: () => void }

function BuildDrawer({ params, build, onClose }: BuildDrawerProps) {
  return (
    <Drawer
      opened={build !== undefined}
      onClose={onClose}
      position="right"
      size="xl"
      title={`Build ${build?.id ?? ''}`}
    >
      {build !== undefined && <BuildDetails params={params} build={build} />}
    </Drawer>
  )
}

function BuildDetails({ params, build }: { params: JobParams; build: Build }) {
  const mayWrite = useMay('write')
  const log = useQuery({
    ...read(jobLogs.buildLogs, { params, query: { buildId: build.id, lineLimit: 5_000 } }),
    refetchInterval: build.concluded ? false : READ_AGAIN_MS,
  })
  const abort = useAction({
    run: () => call(jobBuilds.abort, { params: { ...params, buildId: build.id } }),
    refresh: ['projects', params.projectId, 'jobs', params.jobId],
    done: 'The build was asked to stop.',
  })
  return (
    <Stack>
      <Group>
        <StatusBadge status={build.status} />
        <Text size="sm">{(build.error as { message?: string } | undefined)?.message}</Text>
        {!build.concluded && mayWrite && (
          <Button
            size="xs"
            color="red"
            variant="default"
            loading={abort.isPending}
            onClick={() => abort.mutate()}
          >
            Abort
          </Button>
        )}
      </Group>
      <Loaded query={log}>
        {(lines) => (
          <Code
            block
            role="log"
            aria-label="Log"
            tabIndex={0}
            style={{ maxHeight: 560, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}
          >
            {lines.map((line) => line.log).join('\n') || 'No output yet.'}
          </Code>
        )}
      </Loaded>
    </Stack>
  )
}
