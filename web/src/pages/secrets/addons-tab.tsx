import { getProject } from '@fairway/contract/routes/projects'
import { patchSecret, type SecretGroupView } from '@fairway/contract/routes/secrets'
import { ActionIcon, Button, Group, Select, Stack, Table, Text, VisuallyHidden } from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { read } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { useMay } from '../../api/use-permission.ts'
import { Empty } from '../../ui/empty.tsx'

type Links = SecretGroupView['addonDependencies']

/** The addons whose connection details a group hands on. */
export function AddonsTab({ group }: { group: SecretGroupView }) {
  const { projectId, id, addonDependencies: links } = group
  const mayWrite = useMay('write')
  const save = useAction({
    run: (addonDependencies: Links) =>
      call(patchSecret, { params: { projectId, secretId: id }, body: { addonDependencies } }),
    refresh: ['projects', projectId],
    done: 'Saved. What starts from now on gets it.',
  })
  return (
    <Stack>
      {links.length === 0 ? (
        <Empty title="No addon is linked">
          A link hands the address and the password of an addon to everything that receives this group, and
          keeps them right when they change.
        </Empty>
      ) : (
        <LinkTable
          links={links}
          onRemove={
            mayWrite ? (addonId) => save.mutate(links.filter((link) => link.addonId !== addonId)) : undefined
          }
        />
      )}
      {mayWrite && (
        <NewLink
          projectId={projectId}
          taken={links.map(({ addonId }) => addonId)}
          saving={save.isPending}
          onLink={(addonId) => save.mutate([...links, { addonId, keys: [] }])}
        />
      )}
    </Stack>
  )
}

type LinkTableProps = { links: Links; onRemove: ((addonId: string) => void) | undefined }

function LinkTable({ links, onRemove }: LinkTableProps) {
  return (
    <Table.ScrollContainer minWidth={420}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Addon</Table.Th>
            <Table.Th>Names</Table.Th>
            <Table.Th>
              <VisuallyHidden>Remove</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {links.map(({ addonId, keys }) => (
            <Table.Tr key={addonId}>
              <Table.Td>{addonId}</Table.Td>
              <Table.Td>
                <Names addonId={addonId} keys={keys} />
              </Table.Td>
              <Table.Td>
                {onRemove !== undefined && (
                  <ActionIcon
                    variant="subtle"
                    color="red"
                    aria-label={`Remove the link to ${addonId}`}
                    onClick={() => onRemove(addonId)}
                  >
                    <IconTrash size={16} />
                  </ActionIcon>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

function Names({ addonId, keys }: Links[number]) {
  const prefix = `NF_${addonId.toUpperCase().replaceAll('-', '_')}_`
  if (keys.length === 0) {
    return (
      <Text size="sm">
        everything, as <code>{prefix}…</code>
      </Text>
    )
  }
  return keys.map(({ keyName, aliases }) => (
    <Text size="sm" key={keyName}>
      {keyName} as <code>{aliases.length === 0 ? `${prefix}${keyName}` : aliases.join(', ')}</code>
    </Text>
  ))
}

type NewLinkProps = {
  projectId: string
  taken: readonly string[]
  saving: boolean
  onLink: (addonId: string) => void
}

function NewLink({ projectId, taken, saving, onLink }: NewLinkProps) {
  const { data } = useQuery(read(getProject, { params: { projectId } }))
  const [chosen, choose] = useState<string | null>(null)
  const free = (data?.addons ?? []).filter(({ id }) => !taken.includes(id))
  if (free.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {taken.length === 0 ? 'This project has no addon to link.' : 'Every addon of this project is linked.'}
      </Text>
    )
  }
  return (
    <Group align="flex-end">
      <Select
        label="Addon to link"
        data={free.map(({ id, name }) => ({ value: id, label: name }))}
        value={chosen}
        onChange={choose}
      />
      <Button
        disabled={chosen === null}
        loading={saving}
        onClick={() => {
          if (chosen !== null) onLink(chosen)
          choose(null)
        }}
      >
        Link
      </Button>
    </Group>
  )
}
