import {
  providerHosts,
  registryBody,
  registryPatch,
  registryProviders,
  type registryView,
} from '@fairway/contract/resources/registry'
import {
  addRegistry,
  deleteRegistry,
  listRegistries,
  updateRegistry,
} from '@fairway/contract/routes/registries'
import { Group, PasswordInput, Select, Switch, TextInput } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import { call } from '../../api/client.ts'
import { queryClient, read } from '../../api/queries.ts'
import { useMay } from '../../api/use-permission.ts'
import { WHOLE_LIST } from '../../api/whole-list.ts'
import { DataTable } from '../../ui/data-table.tsx'
import { DeleteButton } from '../../ui/delete-button.tsx'
import { DialogButton } from '../../ui/dialog-button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { NameField } from '../../ui/name-fields.tsx'
import { PageTitle } from '../../ui/page-title.tsx'

type Registry = z.output<typeof registryView>

const KEY = ['integrations', 'registries']
const FIELDS = ['name', 'provider', 'registryUrl', 'credentials.username', 'credentials.password']
const refresh = () => queryClient.invalidateQueries({ queryKey: KEY })

/** The saved credentials of image registries. */
export function RegistriesPage() {
  const query = useQuery(read(listRegistries, { query: WHOLE_LIST }))
  const isAdmin = useMay('admin')
  return (
    <>
      <PageTitle title="Registries">{isAdmin && <NewRegistry />}</PageTitle>
      <Loaded query={query}>
        {({ registries }) =>
          registries.length === 0 ? (
            <Empty title="No registry is saved">
              Save the user name and password of a private image registry, and services and jobs can run
              images from it. Public images need none.
            </Empty>
          ) : (
            <DataTable
              head={['Name', 'Registry', 'User', 'For', 'Projects', '']}
              minWidth={720}
              rows={registries.map((registry) => ({
                key: registry.id,
                cells: [
                  registry.name,
                  registry.registryUrl,
                  registry.credentials.username,
                  scopeWords(registry.credentials.scope),
                  registry.restrictions.restricted
                    ? registry.restrictions.projects.join(', ') || 'none'
                    : 'all',
                  isAdmin && <Actions key="actions" registry={registry} />,
                ],
              }))}
            />
          )
        }
      </Loaded>
    </>
  )
}

const scopeWords = ({ pull, push }: { pull: boolean; push: boolean }): string =>
  [pull && 'pull', push && 'push'].filter(Boolean).join(' and ') || 'nothing'

function NewRegistry() {
  return (
    <DialogButton
      label="New registry"
      icon={<IconPlus size={16} />}
      action="Save"
      schema={registryBody}
      initial={{ name: '', provider: 'dockerhub', credentials: { username: '', password: '' } }}
      fields={FIELDS}
      run={async (body) => {
        await call(addRegistry, { body })
        await refresh()
      }}
    >
      {({ value, set, problem }) => (
        <>
          <NameField value={value} set={set} problem={problem} />
          <Select
            label="Kind"
            allowDeselect={false}
            data={registryProviders.filter((provider) => provider !== 'legacy')}
            value={value.provider}
            onChange={(next) => set({ provider: (next ?? 'custom') as 'custom' })}
          />
          <TextInput
            label="Host"
            description="For instance registry.example.com:5000"
            withAsterisk={providerHosts[value.provider] === undefined}
            placeholder={providerHosts[value.provider]}
            value={value.registryUrl ?? ''}
            error={problem('registryUrl')}
            onChange={(event) => set({ registryUrl: event.currentTarget.value || undefined })}
          />
          <SignIn
            username={value.credentials.username}
            password={value.credentials.password}
            problem={problem as Problem}
            onChange={(change) => set({ credentials: { ...value.credentials, ...change } })}
          />
          <Switch
            label="Images are pushed there too"
            checked={value.credentials.scope?.push ?? false}
            onChange={(event) =>
              set({
                credentials: {
                  ...value.credentials,
                  scope: { pull: true, push: event.currentTarget.checked },
                },
              })
            }
          />
        </>
      )}
    </DialogButton>
  )
}

function Actions({ registry: { id, name, credentials } }: { registry: Registry }) {
  const params = { credentialId: id }
  return (
    <Group gap="xs" wrap="nowrap" justify="flex-end">
      <DialogButton
        label="New password"
        title={`New password for ${name}`}
        variant="default"
        size="xs"
        action="Save"
        schema={registryPatch}
        initial={{ credentials: { username: credentials.username, password: '' } }}
        fields={FIELDS}
        run={async (body) => {
          await call(updateRegistry, { params, body })
          await refresh()
        }}
      >
        {({ value, set, problem }) => (
          <SignIn
            username={value.credentials?.username ?? ''}
            password={value.credentials?.password ?? ''}
            problem={problem as Problem}
            onChange={(change) => set({ credentials: { ...value.credentials, ...change } })}
          />
        )}
      </DialogButton>
      <DeleteButton
        kind="registry"
        action="Forget"
        name={name}
        what="Its credentials are gone for good. It is refused while a service or a job pulls with them."
        run={() => call(deleteRegistry, { params })}
        refresh={KEY}
      />
    </Group>
  )
}

type Problem = (field: string) => string | undefined
type SignInProps = {
  username: string
  password: string
  problem: Problem
  onChange: (change: { username?: string; password?: string }) => void
}

function SignIn({ username, password, problem, onChange }: SignInProps) {
  return (
    <>
      <TextInput
        label="User name"
        withAsterisk
        autoComplete="off"
        value={username}
        error={problem('credentials.username')}
        onChange={(event) => onChange({ username: event.currentTarget.value })}
      />
      <PasswordInput
        label="Password or token"
        description="It is sealed and never shown again."
        withAsterisk
        autoComplete="new-password"
        value={password}
        error={problem('credentials.password')}
        onChange={(event) => onChange({ password: event.currentTarget.value })}
      />
    </>
  )
}
