import {
  type deliveryView,
  notificationPatch,
  type notificationView,
} from '@fairway/contract/resources/notification'
import {
  deleteNotification,
  getNotification,
  listNotificationDeliveries,
  resendNotificationDelivery,
  testNotification,
  updateNotification,
} from '@fairway/contract/routes/notifications'
import { Button, Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { z } from 'zod'
import { call } from '../../api/client.ts'
import { queryClient, read, readPage } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { useMay } from '../../api/use-permission.ts'
import { Ago } from '../../ui/ago.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { DeleteButton } from '../../ui/delete-button.tsx'
import { DialogButton } from '../../ui/dialog-button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { Pages, usePages } from '../../ui/pages.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { usePathParams } from '../path-params.ts'
import { NOTIFICATION_FIELDS, NotificationFields, TYPE_NAMES } from './notification-fields.tsx'
import { NotificationState } from './notification-state.tsx'

type Integration = z.output<typeof notificationView>
type Params = { notificationId: string }

const KEY = ['integrations', 'notifications']

/** One receiver: what it is told of, and what became of every message. */
export function NotificationPage() {
  const params = usePathParams('notificationId')
  const query = useQuery(read(getNotification, { params }))
  const isAdmin = useMay('admin')
  return (
    <Loaded query={query}>
      {(one) => (
        <>
          <PageTitle
            title={one.name}
            below={
              <Text size="sm" c="dimmed">
                {TYPE_NAMES[one.type]} at {one.webhook}
              </Text>
            }
          >
            {isAdmin && <Actions one={one} params={params} />}
          </PageTitle>
          <NotificationState status={one.status} />
          <Deliveries params={params} />
        </>
      )}
    </Loaded>
  )
}

function Actions({ one, params }: { one: Integration; params: Params }) {
  const navigate = useNavigate()
  const test = useAction({
    run: () => call(testNotification, { params }),
    refresh: [...KEY, one.id],
    done: 'A message is on its way; the list shows what became of it.',
  })
  return (
    <Group gap="xs">
      <Button size="xs" variant="default" loading={test.isPending} onClick={() => test.mutate(undefined)}>
        Send a test
      </Button>
      <DialogButton
        label="Change"
        title={`Change ${one.name}`}
        variant="default"
        size="xs"
        action="Save"
        schema={notificationPatch}
        initial={{
          name: one.name,
          restricted: one.restricted,
          projects: one.projects,
          events: one.events as never,
        }}
        fields={NOTIFICATION_FIELDS}
        run={async (body) => {
          await call(updateNotification, { params, body })
          await queryClient.invalidateQueries({ queryKey: KEY })
        }}
      >
        {({ value, set, problem }) => (
          <NotificationFields
            value={value}
            set={(change) => set(change as never)}
            problem={problem as (field: string) => string | undefined}
            saved={one}
          />
        )}
      </DialogButton>
      <DeleteButton
        kind="notification"
        name={one.name}
        what="Nothing is told there any more, and the list of what was told is gone."
        run={() => call(deleteNotification, { params })}
        refresh={KEY}
        after={() => void navigate({ to: '/team/notifications' })}
      />
    </Group>
  )
}

function Deliveries({ params }: { params: Params }) {
  const pages = usePages()
  const isAdmin = useMay('admin')
  const query = useQuery({
    ...readPage(listNotificationDeliveries, { params, query: pages.query as never }),
    refetchInterval: 5_000,
  })
  return (
    <Loaded query={query}>
      {({ data: { deliveries }, next }) =>
        deliveries.length === 0 ? (
          <Empty title="Nothing was told yet">
            What happens from now on is listed here, with the receiver's answers. A test shows at once whether
            messages arrive.
          </Empty>
        ) : (
          <>
            <DataTable
              head={['Event', 'Project', 'State', 'Answer', 'When', '']}
              minWidth={760}
              rows={deliveries.map((one) => ({
                key: one.id,
                cells: [
                  one.event,
                  one.projectId ?? '–',
                  <StatusBadge key="state" status={one.status} />,
                  answerOf(one),
                  <Ago key="when" at={one.createdAt} />,
                  isAdmin && one.status !== 'pending' && <Resend key="resend" params={params} id={one.id} />,
                ],
              }))}
            />
            <Pages pages={pages} next={next} />
          </>
        )
      }
    </Loaded>
  )
}

type Delivery = z.output<typeof deliveryView>

const answerOf = ({ answer, error, attempts }: Delivery): string => {
  const said = error ?? (answer === null ? '' : `${answer.status} ${answer.text.slice(0, 80)}`)
  return attempts > 1 ? `${said} (${attempts} attempts)` : said
}

function Resend({ params, id }: { params: Params; id: string }) {
  const again = useAction({
    run: () => call(resendNotificationDelivery, { params: { ...params, deliveryId: id } }),
    refresh: [...KEY, params.notificationId],
    done: 'It is sent again.',
  })
  return (
    <Button size="xs" variant="default" loading={again.isPending} onClick={() => again.mutate(undefined)}>
      Send again
    </Button>
  )
}
