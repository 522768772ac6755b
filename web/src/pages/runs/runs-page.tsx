import { listRuns } from '@fairway/contract/routes/release-runs'
import { Anchor, SegmentedControl, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { readPage } from '../../api/queries.ts'
import { Ago } from '../../ui/ago.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { Pages, usePages } from '../../ui/pages.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { usePathParams } from '../path-params.ts'
import { RunDuration } from './run-duration.tsx'

const FILTERS = [
  { value: 'all', label: 'All' },
  { value: 'running', label: 'Under way' },
  { value: 'success', label: 'Succeeded' },
  { value: 'failure', label: 'Failed' },
] as const
type Filter = (typeof FILTERS)[number]['value']

const queryOf = (filter: Filter) => {
  if (filter === 'all') return {}
  return filter === 'running' ? { concluded: 'false' as const } : { status: filter }
}

/** The releases and rollbacks of a stage, newest first. */
export function RunsPage() {
  const params = usePathParams('projectId', 'pipelineId', 'stage')
  const [filter, setFilter] = useState<Filter>('all')
  const pages = usePages()
  const query = useQuery(
    readPage(listRuns, { params, query: { ...queryOf(filter), ...pages.query } as never }),
  )
  const at = `/projects/${params.projectId}/pipelines/${params.pipelineId}/${params.stage}/runs`
  return (
    <>
      <PageTitle title={`Runs of ${params.stage}`}>
        <SegmentedControl
          aria-label="Which runs"
          value={filter}
          onChange={(value) => {
            setFilter(value as Filter)
            pages.restart()
          }}
          data={FILTERS.map((one) => ({ ...one }))}
        />
      </PageTitle>
      <Loaded query={query}>
        {({ data: { runs }, next }) =>
          runs.length === 0 ? (
            <Empty title="No runs">
              {filter === 'all' ? 'A run appears here when the flow is started.' : 'None of this kind.'}
            </Empty>
          ) : (
            <>
              <Table.ScrollContainer minWidth={560}>
                <Table highlightOnHover>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>Run</Table.Th>
                      <Table.Th>State</Table.Th>
                      <Table.Th>Took</Table.Th>
                      <Table.Th>Started</Table.Th>
                      <Table.Th>By</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {runs.map((run) => (
                      <Table.Tr key={run.id}>
                        <Table.Td>
                          <Anchor component={Link} to={`${at}/${run.id}`}>
                            {run.name ?? (run.kind === 'rollback' ? 'Rollback' : 'Release')}
                          </Anchor>
                          {run.message !== undefined && (
                            <Text size="xs" c="dimmed" lineClamp={1}>
                              {run.message}
                            </Text>
                          )}
                        </Table.Td>
                        <Table.Td>
                          <StatusBadge status={run.status} />
                        </Table.Td>
                        <Table.Td>
                          <RunDuration run={run} now={new Date()} />
                        </Table.Td>
                        <Table.Td>
                          <Ago at={run.startedAt ?? run.createdAt} />
                        </Table.Td>
                        <Table.Td>{run.createdBy ?? run.trigger}</Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
              <Pages pages={pages} next={next} />
            </>
          )
        }
      </Loaded>
    </>
  )
}
