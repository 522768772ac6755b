import { getService, type ServiceView } from '@fairway/contract/routes/services'
import { Alert, Anchor, Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { read } from '../../api/queries.ts'
import { Deployed, type DeployedSource } from '../../ui/deployed.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTabs } from '../../ui/page-tabs.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { EnvironmentTab } from '../environment/environment-tab.tsx'
import { usePathParams } from '../path-params.ts'
import { BuildsTab } from './builds-tab.tsx'
import { HealthChecksTab } from './health-checks-tab.tsx'
import { InstancesTab } from './instances-tab.tsx'
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
  return <Loaded query={query}>{(service) => <Shown params={params} service={service as Service} />}</Loaded>
}

function Shown({ params, service }: { params: ServiceParams; service: Service }) {
  const { status, serviceType, deployment } = service
  const runs = serviceType !== 'build'
  const builds = serviceType !== 'deployment'
  return (
    <>
      <PageTitle
        title={service.name}
        below={
          <Group gap="sm" align="flex-start">
            <StatusBadge
              status={
                service.servicePaused
                  ? 'paused'
                  : (status.deployment?.status ?? status.build?.status ?? 'new')
              }
            />
            <Text size="sm" c="dimmed">
              {serviceType} service
            </Text>
            {runs && deployment !== undefined && (
              <Deployed projectId={params.projectId} source={deployment as DeployedSource} />
            )}
          </Group>
        }
      >
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
      <PageTabs
        tabs={[
          ...(runs
            ? [
                { id: 'instances', label: 'Instances', content: () => <InstancesTab params={params} /> },
                { id: 'logs', label: 'Logs', content: () => <LogsTab params={params} /> },
                { id: 'shell', label: 'Shell', content: () => <ShellTab params={params} /> },
                { id: 'metrics', label: 'Metrics', content: () => <MetricsTab params={params} /> },
                {
                  id: 'checks',
                  label: 'Health checks',
                  content: () => <HealthChecksTab params={params} checks={service.healthChecks as never} />,
                },
              ]
            : []),
          ...(builds
            ? [{ id: 'builds', label: 'Builds', content: () => <BuildsTab params={params} /> }]
            : []),
          {
            id: 'variables',
            label: 'Variables',
            content: () => <EnvironmentTab owner={{ kind: 'service', params }} builds={builds} runs={runs} />,
          },
          ...(runs
            ? [
                {
                  id: 'ports',
                  label: 'Ports and domains',
                  content: () => <PortsTab params={params} service={service} />,
                },
              ]
            : []),
          {
            id: 'settings',
            label: 'Settings',
            content: () => <SettingsTab key={params.serviceId} params={params} service={service} />,
          },
        ]}
      />
    </>
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
