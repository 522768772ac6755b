import { secretGroupBody } from '@fairway/contract/resources/secret-group'
import { createSecret, listSecrets, type SecretGroupView } from '@fairway/contract/routes/secrets'
import { Anchor, Badge, NumberInput, Select, Stack, Table, Text } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { call } from '../../api/client.ts'
import { queryClient, readPage } from '../../api/queries.ts'
import { useMay } from '../../api/use-permission.ts'
import { Ago } from '../../ui/ago.tsx'
import { DialogButton } from '../../ui/dialog-button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { DescriptionField, NameField } from '../../ui/name-fields.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { Pages, usePages } from '../../ui/pages.tsx'
import { usePathParams } from '../path-params.ts'
import { SCOPES, scopeWords } from './scopes.ts'

/** The secret groups of a project. */
export function SecretsPage() {
  const { projectId } = usePathParams('projectId')
  const pages = usePages()
  const query = useQuery(readPage(listSecrets, { params: { projectId }, query: pages.query as never }))
  const mayWrite = useMay('write')
  return (
    <>
      <PageTitle
        title="Secret groups"
        below={
          <Text size="sm" c="dimmed">
            Variables and files that several services and jobs receive.
          </Text>
        }
      >
        {mayWrite && <NewGroup projectId={projectId} />}
      </PageTitle>
      <Loaded query={query}>
        {({ data: { secrets }, next }) =>
          secrets.length === 0 ? (
            <Empty title="No secret group yet">
              A secret group holds values once and hands them to every service and job that it is meant for:
              keys of other systems, addresses, or the connection of an addon.
            </Empty>
          ) : (
            <>
              <Groups projectId={projectId} groups={secrets} />
              <Pages pages={pages} next={next} />
            </>
          )
        }
      </Loaded>
    </>
  )
}

function Groups({ projectId, groups }: { projectId: string; groups: readonly SecretGroupView[] }) {
  return (
    <Table.ScrollContainer minWidth={620}>
      <Table highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Group</Table.Th>
            <Table.Th>For</Table.Th>
            <Table.Th>Received by</Table.Th>
            <Table.Th>Priority</Table.Th>
            <Table.Th>Changed</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {groups.map((group) => (
            <Table.Tr key={group.id}>
              <Table.Td>
                <Anchor component={Link} to={`/projects/${projectId}/secrets/${group.id}`}>
                  {group.name}
                </Anchor>
                <Text size="xs" c="dimmed">
                  {group.description}
                </Text>
              </Table.Td>
              <Table.Td>{scopeWords(group.secretType)}</Table.Td>
              <Table.Td>
                <Receivers group={group} />
              </Table.Td>
              <Table.Td>{group.priority}</Table.Td>
              <Table.Td>
                <Ago at={group.updatedAt} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

function Receivers({ group: { restrictions } }: { group: SecretGroupView }) {
  if (!restrictions.restricted) return 'everything in the project'
  const names = [
    ...restrictions.nfObjects.map(({ id, type }) => `${type} ${id}`),
    ...restrictions.tags.map((tag) => `tag ${tag}`),
  ]
  if (names.length === 0) return 'nothing yet'
  return names.map((name) => (
    <Badge key={name} variant="default" tt="none" mr={4}>
      {name}
    </Badge>
  ))
}

function NewGroup({ projectId }: { projectId: string }) {
  const navigate = useNavigate()
  return (
    <DialogButton
      label="New secret group"
      icon={<IconPlus size={16} />}
      action="Create"
      schema={secretGroupBody}
      initial={{ name: '' }}
      fields={['name', 'description', 'secretType', 'priority']}
      run={async (body) => {
        const { id } = await call(createSecret, { params: { projectId }, body })
        await queryClient.invalidateQueries({ queryKey: ['projects', projectId, 'secrets'] })
        await navigate({ to: `/projects/${projectId}/secrets/${id}` as never })
      }}
    >
      {({ value, set, problem }) => (
        <Stack gap="sm">
          <NameField value={value} set={set} problem={problem} />
          <DescriptionField value={value} set={set} problem={problem} />
          <Select
            label="Received"
            data={SCOPES}
            allowDeselect={false}
            value={value.secretType ?? 'environment'}
            onChange={(next) => set({ secretType: next as 'environment' })}
          />
          <NumberInput
            label="Priority"
            description="Where two groups hold the same name, the one with the higher priority wins."
            min={0}
            max={100}
            value={value.priority ?? 10}
            error={problem('priority')}
            onChange={(next) => set({ priority: next === '' ? undefined : Number(next) })}
          />
          <Text size="sm" c="dimmed">
            It begins without values. Everything in the project receives it until you restrict it.
          </Text>
        </Stack>
      )}
    </DialogButton>
  )
}
