import { deleteSecret, listSecrets, type SecretGroupView } from '@fairway/contract/routes/secrets'
import { Button, Text } from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { call } from '../../api/client.ts'
import { read } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { useMay } from '../../api/use-permission.ts'
import { WHOLE_LIST } from '../../api/whole-list.ts'
import { confirmByName } from '../../ui/confirm-by-name.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTabs } from '../../ui/page-tabs.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { usePathParams } from '../path-params.ts'
import { AddonsTab } from './addons-tab.tsx'
import { PreviewTab } from './preview-tab.tsx'
import { ReceiversTab } from './receivers-tab.tsx'
import { scopeWords } from './scopes.ts'
import { ValuesTab } from './values-tab.tsx'

/** A secret group: its values, who receives them, and what that comes to. */
export function SecretPage() {
  const params = usePathParams('projectId', 'secretId')
  // The list is for every reader; the group itself comes with its values, which only admins may read.
  const query = useQuery(read(listSecrets, { params: { projectId: params.projectId }, query: WHOLE_LIST }))
  return (
    <Loaded query={query}>
      {({ secrets }) => {
        const group = secrets.find(({ id }) => id === params.secretId)
        return group === undefined ? (
          <Empty title="No such secret group">It may have been deleted meanwhile.</Empty>
        ) : (
          <Group group={group} />
        )
      }}
    </Loaded>
  )
}

function Group({ group }: { group: SecretGroupView }) {
  const { name, description, secretType, priority, version } = group
  return (
    <>
      <PageTitle
        title={name}
        below={
          <>
            {description !== '' && <Text size="sm">{description}</Text>}
            <Text size="sm" c="dimmed">
              Received {scopeWords(secretType)}, priority {priority}, version {version} of the values
            </Text>
          </>
        }
      >
        <DeleteGroup group={group} />
      </PageTitle>
      <PageTabs
        tabs={[
          { id: 'values', label: 'Values', content: () => <ValuesTab group={group} /> },
          { id: 'receivers', label: 'Who receives it', content: () => <ReceiversTab group={group} /> },
          { id: 'addons', label: 'Linked addons', content: () => <AddonsTab group={group} /> },
          { id: 'preview', label: 'Preview', content: () => <PreviewTab group={group} /> },
        ]}
      />
    </>
  )
}

function DeleteGroup({ group: { projectId, id, name } }: { group: SecretGroupView }) {
  const mayWrite = useMay('write')
  const navigate = useNavigate()
  const remove = useAction({
    run: () => call(deleteSecret, { params: { projectId, secretId: id } }),
    done: `Secret group "${name}" was deleted.`,
    after: () => void navigate({ to: `/projects/${projectId}/secrets` as never }),
    refresh: ['projects', projectId, 'secrets'],
  })
  if (!mayWrite) return null
  return (
    <Button
      variant="default"
      c="red"
      leftSection={<IconTrash size={16} />}
      loading={remove.isPending}
      onClick={() =>
        confirmByName({
          title: 'Delete the secret group',
          what: 'Its values are gone for good. What runs keeps what it started with; what starts from now on does not get them.',
          name,
          onConfirm: () => remove.mutate(),
        })
      }
    >
      Delete
    </Button>
  )
}
