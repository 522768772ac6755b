import { listRuns } from '@fairway/contract/routes/release-runs'
import { Anchor, Badge, Group, SegmentedControl, Select, Table, Text } from '@mantine/core'
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

const KINDS = [
  { value: 'release', label: 'Releases' },
  { value: 'rollback', label: 'Rollbacks' },
]
const TRIGGERS = [
  { value: 'manual', label: 'By a person' },
  { value: 'automatic', label: 'By a trigger' },
  { value: 'template', label: 'By another flow' },
]

type Filters = { state: Filter; kind: string | null; trigger: string | null }
const NO_FILTERS: Filters = { state: 'all', kind: null, trigger: null }

const queryOf = ({ state, kind, trigger }: Filters) => ({
  ...(state === 'running' && { concluded: 'false' }),
  ...((state === 'success' || state === 'failure') && { status: state }),
  ...(kind !== null && { kind }),
  ...(trigger !== null && { trigger }),
})

/** The releases and rollbacks of a stage, newest first. */
export function RunsPage() {
  const params = usePathParams('projectId', 'pipelineId', 'stage')
  const [filters, setFilters] = useState(NO_FILTERS)
  const pages = usePages()
  const query = useQuery(
    readPage(listRuns, { params, query: { ...queryOf(filters), ...pages.query } as never }),
  )
  const at = `/projects/${params.projectId}/pipelines/${params.pipelineId}/${params.stage}/runs`
  return (
    <>
      <PageTitle title={`Runs of ${params.stage}`}>
        <FilterFields
          filters={filters}
          onChange={(next) => {
            setFilters(next)
            pages.restart()
          }}
        />
      </PageTitle>
      <Loaded query={query}>
        {({ data: { runs }, next }) =>
          runs.length === 0 ? (
            <Empty title="No runs">
              {Object.keys(queryOf(filters)).length === 0
                ? 'A run appears here when the flow is started.'
                : 'None of this kind.'}
            </Empty>
          ) : (
            <>
              <Table.ScrollContainer minWidth={560} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
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
                          {run.kind === 'rollback' && run.name !== undefined && (
                            <Badge size="xs" variant="default" ml={6}>
                              rollback
                            </Badge>
                          )}
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

function FilterFields({ filters, onChange }: { filters: Filters; onChange: (filters: Filters) => void }) {
  return (
    <Group gap="xs">
      <SegmentedControl
        aria-label="Which runs"
        value={filters.state}
        onChange={(value) => onChange({ ...filters, state: value as Filter })}
        data={FILTERS.map((one) => ({ ...one }))}
      />
      <Select
        aria-label="Releases or rollbacks"
        placeholder="Any kind"
        w={150}
        clearable
        data={KINDS}
        value={filters.kind}
        onChange={(kind) => onChange({ ...filters, kind })}
      />
      <Select
        aria-label="Started by"
        placeholder="Anyone"
        w={170}
        clearable
        data={TRIGGERS}
        value={filters.trigger}
        onChange={(trigger) => onChange({ ...filters, trigger })}
      />
    </Group>
  )
}
