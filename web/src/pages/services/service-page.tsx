import type { HealthCheck } from '@fairway/contract/resources/health-check'
import { getServiceContainers } from '@fairway/contract/routes/service-actions'
import { getService, type ServiceView } from '@fairway/contract/routes/services'
import { Alert, Anchor, Badge, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { read, readAhead } from '../../api/queries.ts'
import { useMay } from '../../api/use-permission.ts'
import { Deployed, type DeployedSource } from '../../ui/deployed.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { type PageTab, PageTabs } from '../../ui/page-tabs.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { EnvironmentTab } from '../environment/environment-tab.tsx'
import { usePathParams } from '../path-params.ts'
import { BuildsTab } from './builds-tab.tsx'
import { DeploymentsTab } from './deployments-tab.tsx'
import { HealthChecksTab } from './health-checks-tab.tsx'
import { LogsTab } from './logs-tab.tsx'
import { MetricsTab } from './metrics-tab.tsx'
import { PortsTab } from './ports-tab.tsx'
import { ServiceActions } from './service-actions.tsx'
import { SettingsTab } from './settings-tab.tsx'
import { ShellTab } from './shell-tab.tsx'

export type ServiceParams = { projectId: string; serviceId: string }
export type Service = ServiceView

/** One service: what it runs, how its instances are, and everything about it that can be changed. */
export function ServicePage() {
  const params = usePathParams('projectId', 'serviceId')
  const query = useQuery(read(getService, { params }))
  readAhead(read(getServiceContainers, { params }))
  return (
    <Loaded query={query}>
      {(service) => <Shown key={params.serviceId} params={params} service={service as Service} />}
    </Loaded>
  )
}

type ShownProps = { params: ServiceParams; service: Service }

function Shown({ params, service }: ShownProps) {
  const { status } = service
  return (
    <>
      <PageTitle title={service.name} below={<State params={params} service={service} />}>
        <ServiceActions params={params} service={service} />
      </PageTitle>
      {status.deployment?.status === 'FAILED' && (
        <Alert
          color="red"
          role="alert"
          mb="md"
          title="The last deployment failed; the version before it serves"
        >
          <Text size="sm" style={{ whiteSpace: 'pre-wrap' }}>
            {status.deployment.message}
          </Text>
        </Alert>
      )}
      {service.currentRevision !== null && <PublicNames service={service} />}
      <PageTabs tabs={tabsOf({ params, service })} />
    </>
  )
}

function State({ params, service }: ShownProps) {
  const { status, serviceType, deployment } = service
  const known = status.deployment?.status ?? status.build?.status ?? 'new'
  return (
    <Stack gap={4}>
      {service.description !== '' && <Text size="sm">{service.description}</Text>}
      <Group gap="sm" align="flex-start">
        <StatusBadge status={service.servicePaused ? 'paused' : known} />
        <Text size="sm" c="dimmed">
          {serviceType} service
        </Text>
        {serviceType !== 'deployment' && service.disabledCI && <Off what="CI" />}
        {deployment?.follows !== undefined && service.disabledCD && <Off what="CD" />}
        {serviceType !== 'build' && deployment !== undefined && (
          <Deployed projectId={params.projectId} source={deployment as DeployedSource} />
        )}
      </Group>
    </Stack>
  )
}

/** What each kind of service has. */
function tabsOf({ params, service }: ShownProps): PageTab[] {
  const runs = service.serviceType !== 'build'
  const builds = service.serviceType !== 'deployment'
  const all: (PageTab & { of?: boolean })[] = [
    {
      id: 'instances',
      label: 'Deployments',
      of: runs,
      content: () => <DeploymentsTab params={params} service={service} />,
    },
    { id: 'logs', label: 'Logs', of: runs, content: () => <LogsTab params={params} /> },
    { id: 'shell', label: 'Shell', of: runs, content: () => <ShellTab params={params} /> },
    { id: 'metrics', label: 'Metrics', of: runs, content: () => <MetricsTab params={params} /> },
    {
      id: 'checks',
      label: 'Health checks',
      of: runs,
      content: () => <HealthChecksTab params={params} checks={service.healthChecks as HealthCheck[]} />,
    },
    { id: 'builds', label: 'Builds', of: builds, content: () => <BuildsTab params={params} /> },
    {
      id: 'variables',
      label: 'Variables',
      content: () => <Variables params={params} builds={builds} runs={runs} />,
    },
    {
      id: 'ports',
      label: 'Ports and domains',
      of: runs,
      content: () => <PortsTab params={params} service={service} />,
    },
    { id: 'settings', label: 'Settings', content: () => <SettingsTab params={params} service={service} /> },
  ]
  return all.filter(({ of = true }) => of)
}

/** Why, and the switch, are in the settings. */
function Off({ what }: { what: 'CI' | 'CD' }) {
  return (
    <Badge
      component={Link}
      to="."
      search={{ tab: 'settings' } as never}
      variant="light"
      color="gray"
      tt="none"
      style={{ cursor: 'pointer' }}
    >
      {what} is off
    </Badge>
  )
}

/** Reading and setting them needs a token that may read secrets. */
function Variables({ params, builds, runs }: { params: ServiceParams; builds: boolean; runs: boolean }) {
  if (useMay('admin'))
    return <EnvironmentTab owner={{ kind: 'service', params }} builds={builds} runs={runs} />
  return (
    <Alert title="Values are secret">
      Your token may not read them. Sign in with a token that has the permission admin.
    </Alert>
  )
}

function PublicNames({ service }: { service: Service }) {
  const names = service.ports
    .filter(({ public: open }) => open)
    .flatMap(({ domains }) => domains.map(({ name }) => name))
  if (names.length === 0) return null
  return (
    <Group gap="xs" mb="sm">
      {names.map((name) => (
        <Anchor key={name} href={`//${name}`} size="sm">
          {name}
        </Anchor>
      ))}
    </Group>
  )
}
