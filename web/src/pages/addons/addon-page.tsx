import { type AddonView, getAddon } from '@fairway/contract/routes/addons'
import { Alert, Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { read } from '../../api/queries.ts'
import { useMay } from '../../api/use-permission.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTabs } from '../../ui/page-tabs.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { usePathParams } from '../path-params.ts'
import { AddonActions } from './addon-actions.tsx'
import { AddonSettingsTab } from './addon-settings-tab.tsx'
import { BackupsTab } from './backups-tab.tsx'
import { ConnectionTab } from './connection-tab.tsx'
import { RestoreProgress } from './restore-progress.tsx'
import { RestoresTab } from './restores-tab.tsx'
import { SchedulesTab } from './schedules-tab.tsx'

export type AddonParams = { projectId: string; addonId: string }

/** A database: how it is, how to connect, its backups. */
export function AddonPage() {
  const params = usePathParams('projectId', 'addonId')
  const query = useQuery(read(getAddon, { params }))
  return (
    <Loaded query={query}>{(addon) => <Shown key={params.addonId} params={params} addon={addon} />}</Loaded>
  )
}

function Shown({ params, addon }: { params: AddonParams; addon: AddonView }) {
  const { type, config } = addon.spec
  const mayWrite = useMay('write')
  const tabs = [
    { id: 'backups', label: 'Backups', content: () => <BackupsTab params={params} addon={addon} /> },
    { id: 'schedules', label: 'Backup schedules', content: () => <SchedulesTab params={params} /> },
    { id: 'restores', label: 'Restores', content: () => <RestoresTab params={params} addon={addon} /> },
    { id: 'connection', label: 'Connection', content: () => <ConnectionTab params={params} /> },
    ...(mayWrite
      ? [
          {
            id: 'settings',
            label: 'Settings',
            content: () => <AddonSettingsTab params={params} addon={addon} />,
          },
        ]
      : []),
  ]
  return (
    <>
      <PageTitle
        title={addon.name}
        below={
          <>
            {addon.description !== '' && <Text size="sm">{addon.description}</Text>}
            <Group gap="sm">
              <StatusBadge status={addon.status} />
              <Text size="sm" c="dimmed">
                {type} {config.versionTag}
              </Text>
            </Group>
          </>
        }
      >
        {mayWrite && <AddonActions params={params} addon={addon} />}
      </PageTitle>
      {addon.statusMessage !== undefined && (
        <Alert color="red" role="alert" mb="md">
          {addon.statusMessage}
        </Alert>
      )}
      <RestoreProgress params={params} />
      <PageTabs tabs={tabs} />
    </>
  )
}
