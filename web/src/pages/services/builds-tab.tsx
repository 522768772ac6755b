import { type buildView, serviceBuilds, serviceLogs } from '@fairway/contract/routes/builds'
import { buildLogStream } from '@fairway/contract/routes/streams'
import { Button, Code, Drawer, Group, Modal, Select, Stack, Table, Text } from '@mantine/core'
import { IconHammer } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { z } from 'zod'
import { call } from '../../api/client.ts'
import { read, readPage } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { useMay } from '../../api/use-permission.ts'
import { Ago } from '../../ui/ago.tsx'
import { Empty } from '../../ui/empty.tsx'
import { LiveLog } from '../../ui/live-log.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Pages, usePages } from '../../ui/pages.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import type { ServiceParams } from './service-page.tsx'

type Build = z.output<typeof buildView>

/** The builds of a service, newest first, with their logs. */
export function BuildsTab({ params }: { params: ServiceParams }) {
  const pages = usePages()
  const query = useQuery(readPage(serviceBuilds.list, { params, query: pages.query as never }))
  const [shown, show] = useState<string>()
  const [starting, setStarting] = useState(false)
  const mayWrite = useMay('write')
  return (
    <Stack>
      {mayWrite && (
        <Group justify="flex-end">
          <Button leftSection={<IconHammer size={16} />} onClick={() => setStarting(true)}>
            Start a build
          </Button>
        </Group>
      )}
      <Loaded query={query}>
        {({ data: { builds }, next }) =>
          builds.length === 0 ? (
            <Empty title="No build yet">A build makes a commit into what runs.</Empty>
          ) : (
            <>
              <BuildTable builds={builds} onShow={show} />
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
      {starting && <StartBuild params={params} onClose={() => setStarting(false)} onStarted={show} />}
    </Stack>
  )
}

function BuildTable({ builds, onShow }: { builds: readonly Build[]; onShow: (id: string) => void }) {
  return (
    <Table.ScrollContainer minWidth={560}>
      <Table highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Commit</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Started</Table.Th>
            <Table.Th>
              <span className="mantine-visually-hidden">Log</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {builds.map(({ id, sha, branch, message, status, createdAt }) => (
            <Table.Tr key={id}>
              <Table.Td>
                <Code>{sha?.slice(0, 7) ?? '…'}</Code> {branch}
                <Text size="xs" c="dimmed" lineClamp={1}>
                  {message?.split('\n')[0] ?? id}
                </Text>
              </Table.Td>
              <Table.Td>
                <StatusBadge status={status} />
              </Table.Td>
              <Table.Td>
                <Ago at={createdAt} />
              </Table.Td>
              <Table.Td>
                <Button
                  size="xs"
                  variant="default"
                  onClick={() => onShow(id)}
                  aria-label={`Log of build ${id}`}
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

type BuildDrawerProps = { params: ServiceParams; build: Build | undefined; onClose: () => void }

function BuildDrawer({ params, build, onClose }: BuildDrawerProps) {
  const mayWrite = useMay('write')
  const abort = useAction({
    run: (buildId: string) => call(serviceBuilds.abort, { params: { ...params, buildId } }),
    refresh: ['projects', params.projectId, 'services', params.serviceId],
    done: 'The build was asked to stop.',
  })
  return (
    <Drawer
      opened={build !== undefined}
      onClose={onClose}
      position="right"
      size="xl"
      title={`Build ${build?.id ?? ''}`}
    >
      {build !== undefined && (
        <Stack>
          <Group>
            <StatusBadge status={build.status} />
            <Text size="sm">{build.message}</Text>
            {!build.concluded && mayWrite && (
              <Button
                size="xs"
                color="red"
                variant="default"
                onClick={() => abort.mutate(build.id)}
                loading={abort.isPending}
              >
                Abort
              </Button>
            )}
          </Group>
          <LiveLog
            route={buildLogStream}
            params={{ ...params, buildId: build.id }}
            query={{ follow: 'true', tail: 5000 }}
            height={560}
          />
        </Stack>
      )}
    </Drawer>
  )
}

type StartBuildProps = { params: ServiceParams; onClose: () => void; onStarted: (id: string) => void }

function StartBuild({ params, onClose, onStarted }: StartBuildProps) {
  const branches = useQuery(read(serviceLogs.branches, { params }))
  const [branch, setBranch] = useState<string | null>(null)
  const start = useAction({
    run: (name: string) => call(serviceBuilds.start, { params, body: { branch: name } }),
    refresh: ['projects', params.projectId, 'services', params.serviceId],
    after: ({ id }) => {
      onClose()
      onStarted(id)
    },
  })
  const names = branches.data?.branches.map(({ name }) => name) ?? []
  const chosen = branch ?? (names.includes('main') ? 'main' : (names[0] ?? null))
  return (
    <Modal opened onClose={onClose} title="Start a build">
      <Stack>
        <Loaded query={branches}>
          {() => (
            <Select
              label="Branch"
              searchable
              data={names}
              value={chosen}
              onChange={setBranch}
              data-autofocus
            />
          )}
        </Loaded>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            disabled={chosen === null}
            loading={start.isPending}
            onClick={() => chosen !== null && start.mutate(chosen)}
          >
            Build the newest commit
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
