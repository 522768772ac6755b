import { notificationBody, type notificationView } from '@fairway/contract/resources/notification'
import { createNotification, listNotifications } from '@fairway/contract/routes/notifications'
import { Anchor } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { z } from 'zod'
import { call } from '../../api/client.ts'
import { queryClient, read } from '../../api/queries.ts'
import { useMay } from '../../api/use-permission.ts'
import { WHOLE_LIST } from '../../api/whole-list.ts'
import { DataTable } from '../../ui/data-table.tsx'
import { DialogButton } from '../../ui/dialog-button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { NOTIFICATION_FIELDS, NotificationFields, TYPE_NAMES } from './notification-fields.tsx'
import { NotificationState } from './notification-state.tsx'

type Integration = z.output<typeof notificationView>

/** Who is told what happens. */
export function NotificationsPage() {
  const query = useQuery(read(listNotifications, { query: WHOLE_LIST }))
  const isAdmin = useMay('admin')
  return (
    <>
      <PageTitle title="Notifications">{isAdmin && <NewNotification />}</PageTitle>
      <Loaded query={query}>
        {({ integrations }) =>
          integrations.length === 0 ? (
            <Empty title="Nobody is told">
              A webhook, Slack, Discord or Teams can be told of builds, releases, deployments, jobs and
              backups as they happen.
            </Empty>
          ) : (
            <DataTable
              head={['Name', 'Kind', 'Address', 'Projects', 'Events', 'State']}
              minWidth={760}
              rows={integrations.map((one) => ({ key: one.id, cells: cellsOf(one) }))}
            />
          )
        }
      </Loaded>
    </>
  )
}

const cellsOf = (one: Integration) => [
  <Anchor key="name" component={Link} to={`/team/notifications/${one.id}`}>
    {one.name}
  </Anchor>,
  TYPE_NAMES[one.type],
  one.webhook,
  one.restricted ? one.projects.join(', ') || 'none' : 'all',
  Object.values(one.events).filter(Boolean).length,
  <NotificationState key="state" status={one.status} />,
]

const USUAL = {
  'trigger:release-flow-template-run:success': true,
  'trigger:release-flow-template-run:failure': true,
  'trigger:build:failure': true,
}

function NewNotification() {
  return (
    <DialogButton
      label="New notification"
      icon={<IconPlus size={16} />}
      action="Save"
      schema={notificationBody}
      initial={{ name: '', type: 'RAW_WEBHOOK', webhook: '', events: USUAL }}
      fields={NOTIFICATION_FIELDS}
      run={async (body) => {
        await call(createNotification, { body })
        await queryClient.invalidateQueries({ queryKey: ['integrations', 'notifications'] })
      }}
    >
      {({ value, set, problem }) => (
        <NotificationFields value={value} set={(change) => set(change as never)} problem={problem} />
      )}
    </DialogButton>
  )
}
