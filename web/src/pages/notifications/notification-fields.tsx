import { notificationEvents } from '@fairway/contract/notification-events'
import { type NotificationType, notificationTypes } from '@fairway/contract/resources/notification'
import { listProjects } from '@fairway/contract/routes/projects'
import { Checkbox, Fieldset, MultiSelect, PasswordInput, Select, SimpleGrid, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { read } from '../../api/queries.ts'
import { WHOLE_LIST } from '../../api/whole-list.ts'

/** What a person says of who is told what; `type` cannot change later. */
export type NotificationDraft = {
  name?: string | undefined
  type?: NotificationType | undefined
  webhook?: string | undefined
  secret?: string | undefined
  restricted?: boolean | undefined
  projects?: string[] | undefined
  events?: Record<string, boolean | undefined> | undefined
}

export const NOTIFICATION_FIELDS = ['name', 'type', 'webhook', 'secret', 'projects']

export const TYPE_NAMES: Record<NotificationType, string> = {
  RAW_WEBHOOK: 'Webhook',
  SLACK: 'Slack',
  DISCORD: 'Discord',
  TEAMS: 'Microsoft Teams (connector)',
  TEAMS_WORKFLOWS: 'Microsoft Teams (workflow)',
}

type FieldsProps = {
  value: NotificationDraft
  set(change: NotificationDraft): void
  problem(field: string): string | undefined
  /** Of one that is saved already: what stays when nothing is written. */
  saved?: { type: NotificationType; webhook: string }
}

export function NotificationFields({ value, set, problem, saved }: FieldsProps) {
  const type = saved?.type ?? value.type
  return (
    <>
      <TextInput
        label="Name"
        withAsterisk
        data-autofocus
        value={value.name ?? ''}
        error={problem('name')}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      {saved === undefined && (
        <Select
          label="Who is told"
          allowDeselect={false}
          data={notificationTypes.map((one) => ({ value: one, label: TYPE_NAMES[one] }))}
          value={value.type ?? 'RAW_WEBHOOK'}
          onChange={(next) => set({ type: next as NotificationType, secret: undefined })}
        />
      )}
      <TextInput
        label="Address"
        withAsterisk={saved === undefined}
        description="Of a chat: the address of its incoming webhook. It is sealed; only its beginning is shown again."
        placeholder={saved?.webhook ?? 'https://'}
        value={value.webhook ?? ''}
        error={problem('webhook')}
        onChange={(event) => set({ webhook: event.currentTarget.value || undefined })}
      />
      {type === 'RAW_WEBHOOK' && (
        <PasswordInput
          label="Secret"
          description="Sent in the header X-Northflank-Notification-Integration-Token, so that the receiver knows who speaks."
          autoComplete="new-password"
          value={value.secret ?? ''}
          error={problem('secret')}
          onChange={(event) => set({ secret: event.currentTarget.value || undefined })}
        />
      )}
      <Projects value={value} set={set} problem={problem} />
      <Events value={value.events ?? {}} onChange={(events) => set({ events })} />
    </>
  )
}

function Projects({ value, set, problem }: FieldsProps) {
  const { data } = useQuery(read(listProjects, { query: WHOLE_LIST }))
  return (
    <MultiSelect
      label="Projects"
      description="None chosen: all of them."
      data={(data?.projects ?? []).map(({ id, name }) => ({ value: id, label: name }))}
      value={value.restricted === true ? (value.projects ?? []) : []}
      error={problem('projects')}
      onChange={(projects) => set({ projects, restricted: projects.length > 0 })}
    />
  )
}

const GROUPS: readonly (readonly [title: string, prefix: string])[] = [
  ['Releases', 'release-flow-template-run:'],
  ['Deployments', 'service:'],
  ['Builds', 'build:'],
  ['Job runs', 'job-run:'],
  ['Backups', 'addon-backup:'],
  ['Templates', 'template-run:'],
  ['Containers', 'infrastructure:'],
]

type EventsProps = {
  value: Record<string, boolean | undefined>
  onChange(events: Record<string, boolean | undefined>): void
}

function Events({ value, onChange }: EventsProps) {
  return GROUPS.map(([title, prefix]) => (
    <Fieldset key={prefix} legend={title}>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs">
        {notificationEvents
          .filter((event) => event.startsWith(prefix))
          .map((event) => (
            <Checkbox
              key={event}
              label={event.slice(prefix.length).replace(':', ' ')}
              checked={value[`trigger:${event}`] ?? false}
              onChange={({ currentTarget }) =>
                onChange({ ...value, [`trigger:${event}`]: currentTarget.checked })
              }
            />
          ))}
      </SimpleGrid>
    </Fieldset>
  ))
}
