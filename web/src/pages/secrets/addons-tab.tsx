import { getProject } from '@fairway/contract/routes/projects'
import { patchSecret, type SecretGroupView } from '@fairway/contract/routes/secrets'
import {
  ActionIcon,
  Autocomplete,
  Button,
  Group,
  Select,
  Stack,
  Table,
  Text,
  TextInput,
  VisuallyHidden,
} from '@mantine/core'
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
          saving={save.isPending}
          onLink={(link) => save.mutate(withLink(links, link))}
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

type Link = Links[number]

/** Adds a link: a key joins the keys that are linked already. Pure. */
function withLink(links: Links, { addonId, keys }: Link): Links {
  const before = links.find((link) => link.addonId === addonId)
  const names = keys.map(({ keyName }) => keyName)
  const kept = (before?.keys ?? []).filter(({ keyName }) => !names.includes(keyName))
  const link = { addonId, keys: keys.length === 0 ? [] : [...kept, ...keys] }
  return before === undefined ? [...links, link] : links.map((one) => (one === before ? link : one))
}

/** What addons of the usual types hand out; any other key may be typed. */
const USUAL_KEYS = ['POSTGRES_URI', 'REDIS_MASTER_URL', 'HOST', 'PORT', 'DATABASE', 'USERNAME', 'PASSWORD']

type NewLinkProps = { projectId: string; saving: boolean; onLink: (link: Link) => void }

function NewLink({ projectId, saving, onLink }: NewLinkProps) {
  const { data } = useQuery(read(getProject, { params: { projectId } }))
  const [addonId, choose] = useState<string | null>(null)
  const [keyName, setKeyName] = useState('')
  const [alias, setAlias] = useState('')
  const addons = data?.addons ?? []
  if (addons.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        This project has no addon to link.
      </Text>
    )
  }
  const link = (): void => {
    if (addonId === null) return
    onLink({ addonId, keys: keyName === '' ? [] : [{ keyName, aliases: alias === '' ? [] : [alias] }] })
    setKeyName('')
    setAlias('')
  }
  return (
    <Group align="flex-end">
      <Select
        label="Addon to link"
        data={addons.map(({ id, name }) => ({ value: id, label: name }))}
        value={addonId}
        onChange={choose}
      />
      <Autocomplete
        label="What of it"
        placeholder="everything"
        data={USUAL_KEYS}
        value={keyName}
        onChange={setKeyName}
      />
      <TextInput
        label="Named"
        placeholder="DATABASE_URL"
        disabled={keyName === ''}
        value={alias}
        onChange={(event) => setAlias(event.currentTarget.value)}
      />
      <Button disabled={addonId === null} loading={saving} onClick={link}>
        Link
      </Button>
    </Group>
  )
}
