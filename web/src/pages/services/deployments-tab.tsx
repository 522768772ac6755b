import { listServiceDeployments, type PastDeployment } from '@fairway/contract/routes/service-actions'
import { Badge, Group, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { readPage } from '../../api/queries.ts'
import { Ago } from '../../ui/ago.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Pages, usePages } from '../../ui/pages.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { Version } from '../../ui/version.tsx'
import { InstancesTab } from './instances-tab.tsx'
import type { Service, ServiceParams } from './service-page.tsx'

/** What runs now, and everything that was deployed before. */
export function DeploymentsTab({ params, service }: { params: ServiceParams; service: Service }) {
  return (
    <Stack gap="xl">
      <section aria-labelledby="instances">
        <Title order={2} size="h4" id="instances" mb="xs">
          Instances
        </Title>
        <InstancesTab params={params} />
      </section>
      <section aria-labelledby="deployments">
        <Title order={2} size="h4" id="deployments" mb="xs">
          Deployments
        </Title>
        <PastDeployments params={params} service={service} />
      </section>
    </Stack>
  )
}

function PastDeployments({ params, service }: { params: ServiceParams; service: Service }) {
  const pages = usePages()
  const query = useQuery(readPage(listServiceDeployments, { params, query: pages.query as never }))
  return (
    <Loaded query={query}>
      {({ data: { deployments }, next }) =>
        deployments.length === 0 ? (
          <Empty title="Nothing deployed yet">Deploy a version, or let a release bring one.</Empty>
        ) : (
          <>
            <DataTable
              minWidth={720}
              head={['Version', 'State', 'Why', 'When']}
              rows={deployments.map((one) => ({
                key: one.revision,
                cells: cellsOf(one, one.revision === service.currentRevision),
              }))}
            />
            <Pages pages={pages} next={next} />
          </>
        )
      }
    </Loaded>
  )
}

const REASONS = {
  deploy: 'deployed',
  restart: 'restarted',
  config: 'configuration changed',
  rollback: 'rolled back',
  cd: 'new build',
}

const cellsOf = (one: PastDeployment, isCurrent: boolean) => [
  <Version
    key="version"
    version={{
      sha: one.internal?.buildSHA ?? one.internal?.buildId,
      branch: one.internal?.branch,
      message: one.internal?.message,
      image: one.external?.imagePath,
    }}
  />,
  <Stack key="state" gap={2}>
    <Group gap={4}>
      {one.status !== null && <StatusBadge status={one.status} />}
      {isCurrent && (
        <Badge variant="light" color="green" tt="none">
          serves
        </Badge>
      )}
    </Group>
    {one.message !== null && one.status === 'failed' && (
      <Text size="xs" c="var(--mantine-color-error)" lineClamp={2} title={one.message}>
        {one.message}
      </Text>
    )}
  </Stack>,
  <Text key="why" size="sm">
    {REASONS[one.reason]}
    {one.createdBy !== null && ` by ${one.createdBy}`}
  </Text>,
  <div key="when">
    <Ago at={one.createdAt} />
    <Text size="xs" c="dimmed">
      no. {one.number}, revision {one.revision.slice(0, 8)}
    </Text>
  </div>,
]
