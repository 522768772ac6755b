import { createToken, deleteToken, listTokens, login, tokenBody } from '@fairway/contract/routes/team'
import {
  Alert,
  Badge,
  Button,
  CopyButton,
  Group,
  Modal,
  PasswordInput,
  Select,
  Stack,
  Text,
} from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { queryClient, read, readPage } from '../../api/queries.ts'
import { Ago } from '../../ui/ago.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { DeleteButton } from '../../ui/delete-button.tsx'
import { DialogButton } from '../../ui/dialog-button.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { NameField } from '../../ui/name-fields.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { Pages, usePages } from '../../ui/pages.tsx'

const PERMISSIONS = [
  { value: 'read', label: 'read: look at everything but secret values' },
  { value: 'write', label: 'write: also change, deploy and delete' },
  { value: 'admin', label: 'admin: also read secret values, and manage tokens and credentials' },
]

const DAYS = [
  { value: '', label: 'never' },
  { value: '7', label: 'in 7 days' },
  { value: '30', label: 'in 30 days' },
  { value: '365', label: 'in a year' },
]
const DAY_MS = 86_400_000

type Made = { name: string; token: string }

/** The tokens of the team; for those who are not admins, their own. */
export function TokensPage() {
  const query = useQuery(read(login))
  return (
    <Loaded query={query}>
      {({ id, permission, expiresAt }) =>
        permission === 'admin' ? (
          <Tokens own={String(id)} />
        ) : (
          <>
            <PageTitle title="Tokens" />
            <Alert title={`You are signed in with the token "${String(id)}"`}>
              <Text size="sm">
                Its permission is {String(permission)}
                {typeof expiresAt === 'string' ? `; it ends on ${new Date(expiresAt).toLocaleString()}` : ''}.
                Only tokens with the permission admin may list, create and revoke tokens: ask who has one.
              </Text>
            </Alert>
          </>
        )
      }
    </Loaded>
  )
}

function Tokens({ own }: { own: string }) {
  const pages = usePages()
  const query = useQuery(readPage(listTokens, { query: pages.query as never }))
  const [made, setMade] = useState<Made>()
  return (
    <>
      <PageTitle
        title="Tokens"
        below={
          <Text size="sm" c="dimmed">
            Who may call the API: people, the command line, other programs.
          </Text>
        }
      >
        <NewToken onMade={setMade} />
      </PageTitle>
      <Loaded query={query}>
        {({ data: { tokens }, next }) => (
          <>
            <DataTable
              head={['Token', 'May', 'Created', 'Last used', 'Ends', '']}
              minWidth={720}
              rows={tokens.map(({ id, name, permission, createdAt, lastUsedAt, expiresAt }) => ({
                key: id,
                cells: [
                  <Group key="name" gap="xs">
                    {name}
                    {name === own && (
                      <Badge variant="light" tt="none">
                        yours
                      </Badge>
                    )}
                  </Group>,
                  permission,
                  <Ago key="created" at={createdAt} />,
                  lastUsedAt === null ? 'never' : <Ago key="used" at={lastUsedAt} />,
                  expiresAt === null ? 'never' : <Ago key="ends" at={expiresAt} />,
                  <DeleteButton
                    key="revoke"
                    kind="token"
                    action="Revoke"
                    name={name}
                    what={
                      name === own
                        ? 'This is the token you are signed in with: you are signed out at once.'
                        : 'Whoever uses it is refused from now on.'
                    }
                    run={() => call(deleteToken, { params: { tokenId: id } })}
                    refresh={['tokens']}
                  />,
                ],
              }))}
            />
            <Pages pages={pages} next={next} />
          </>
        )}
      </Loaded>
      <MadeOnce made={made} onClose={() => setMade(undefined)} />
    </>
  )
}

function NewToken({ onMade }: { onMade: (made: Made) => void }) {
  const [days, setDays] = useState('')
  return (
    <DialogButton
      label="New token"
      icon={<IconPlus size={16} />}
      action="Create"
      schema={tokenBody}
      initial={{ name: '', permission: 'write' }}
      fields={['name', 'permission']}
      run={async (body) => {
        const expiresAt = days === '' ? undefined : new Date(Date.now() + Number(days) * DAY_MS).toISOString()
        const { name, token } = await call(createToken, {
          body: { ...body, ...(expiresAt && { expiresAt }) },
        })
        onMade({ name, token })
        await queryClient.invalidateQueries({ queryKey: ['tokens'] })
      }}
    >
      {({ value, set, problem }) => (
        <>
          <NameField value={value} set={set} problem={problem} description="Who or what uses it." />
          <Select
            label="Permission"
            allowDeselect={false}
            data={PERMISSIONS}
            value={value.permission ?? 'write'}
            onChange={(next) => set({ permission: next as 'write' })}
          />
          <Select
            label="Ends"
            allowDeselect={false}
            data={DAYS}
            value={days}
            onChange={(next) => setDays(next ?? '')}
          />
        </>
      )}
    </DialogButton>
  )
}

function MadeOnce({ made, onClose }: { made: Made | undefined; onClose: () => void }) {
  return (
    <Modal opened={made !== undefined} onClose={onClose} title={`Token "${made?.name ?? ''}"`}>
      <Stack>
        <Text size="sm">Copy it now: it is shown only this once.</Text>
        <PasswordInput label="Token" readOnly value={made?.token ?? ''} />
        <Group justify="flex-end">
          <CopyButton value={made?.token ?? ''}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy}>
                {copied ? 'Copied' : 'Copy'}
              </Button>
            )}
          </CopyButton>
          <Button onClick={onClose}>I have it</Button>
        </Group>
      </Stack>
    </Modal>
  )
}
