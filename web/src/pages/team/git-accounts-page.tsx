import { deleteGitAccount, type GitAccountView, listGitAccounts } from '@fairway/contract/routes/git-account'
import { Anchor, Button, Card, Group, Modal, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { read } from '../../api/queries.ts'
import { useMay } from '../../api/use-permission.ts'
import { WHOLE_LIST } from '../../api/whole-list.ts'
import { Ago } from '../../ui/ago.tsx'
import { CopyField } from '../../ui/copy-field.tsx'
import { DeleteButton } from '../../ui/delete-button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { type MadeAccount, NewGitAccount } from './new-git-account.tsx'

/** Below the address that this browser reaches the API by; another one may be right for the git host. */
export const webhookUrl = (path: string): string => `${window.location.origin}${path}`

/** The accounts at git hosts, with the webhook of each. */
export function GitAccountsPage() {
  const query = useQuery(read(listGitAccounts, { query: WHOLE_LIST }))
  const isAdmin = useMay('admin')
  const [made, setMade] = useState<MadeAccount>()
  return (
    <>
      <PageTitle title="Git accounts">{isAdmin && <NewGitAccount onMade={setMade} />}</PageTitle>
      <Loaded query={query}>
        {({ accounts }) =>
          accounts.length === 0 ? (
            <Empty title="No git account yet">
              An account lets Fairway read private repositories, gives the host an address to tell of pushes
              and pull requests, and reports builds back to it.
            </Empty>
          ) : (
            <Stack>
              {accounts.map((account) => (
                <AccountCard key={account.id} account={account} isAdmin={isAdmin} />
              ))}
            </Stack>
          )
        }
      </Loaded>
      <MadeOnce made={made} onClose={() => setMade(undefined)} />
    </>
  )
}

function AccountCard({ account, isAdmin }: { account: GitAccountView; isAdmin: boolean }) {
  const { id, name, host, baseUrl, auth, reporting, webhook } = account
  const reports = [reporting.statuses && 'states of commits', reporting.comments && 'comments']
  return (
    <Card withBorder component="article">
      <Stack gap="xs">
        <Group justify="space-between" align="flex-start">
          <Title order={2} size="h4">
            {name}
          </Title>
          {isAdmin && (
            <DeleteButton
              kind="git account"
              name={name}
              what="Its webhook answers 404 from now on, and private repositories can not be read any more."
              run={() => call(deleteGitAccount, { params: { accountId: id } })}
              refresh={['integrations', 'vcs']}
            />
          )}
        </Group>
        <Text size="sm">
          {host} at {baseUrl}, signs in with {auth.type === 'none' ? 'nothing' : auth.type.replace('-', ' ')}
          {auth.username === undefined ? '' : ` as ${auth.username}`}. Reports{' '}
          {reports.filter(Boolean).join(' and ') || 'nothing'}.
        </Text>
        <CopyField
          label="Webhook"
          description="Enter it at the host, with the secret of the webhook, for pushes and pull requests."
          value={webhookUrl(webhook.path)}
        />
        <Group gap="md">
          <Text size="sm" c="dimmed" component="div">
            {webhook.lastDeliveryAt === null ? (
              'Nothing has come in yet'
            ) : (
              <>
                Last delivery <Ago at={webhook.lastDeliveryAt} />
              </>
            )}
          </Text>
          <Anchor component={Link} to={`/team/git-accounts/${id}`} size="sm">
            Deliveries and reports
          </Anchor>
        </Group>
      </Stack>
    </Card>
  )
}

function MadeOnce({ made, onClose }: { made: MadeAccount | undefined; onClose: () => void }) {
  return (
    <Modal opened={made !== undefined} onClose={onClose} title={`Webhook of ${made?.name ?? ''}`} size="lg">
      {made !== undefined && (
        <Stack>
          <Text size="sm">Enter both at the git host. The secret is shown only this once; copy it now.</Text>
          <CopyField label="Webhook" value={webhookUrl(made.webhook.path)} />
          <CopyField label="Secret" value={made.webhookSecret} />
          <Button onClick={onClose} style={{ alignSelf: 'flex-end' }}>
            I have it
          </Button>
        </Stack>
      )}
    </Modal>
  )
}
