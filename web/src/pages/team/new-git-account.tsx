import { DEFAULT_HOST_URLS, type GitAuth, gitAccountBody } from '@fairway/contract/resources/git-account'
import { gitHosts } from '@fairway/contract/resources/trigger-event'
import { createGitAccount, type GitAccountView } from '@fairway/contract/routes/git-account'
import { PasswordInput, Select, Textarea, TextInput } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { call } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'
import { DialogButton } from '../../ui/dialog-button.tsx'
import { NameField } from '../../ui/name-fields.tsx'
import type { BodyForm } from '../../ui/use-body.ts'

export type MadeAccount = GitAccountView & { webhookSecret: string }

const FIELDS = [
  'name',
  'host',
  'baseUrl',
  'auth.token',
  'auth.username',
  'auth.privateKey',
  'auth.appId',
  'auth.installationId',
]
const AUTHS = [
  { value: 'none', label: 'none: public repositories only' },
  { value: 'token', label: 'a token or password' },
  { value: 'deploy-key', label: 'a deploy key (ssh)' },
  { value: 'github-app', label: 'a GitHub App' },
]
const EMPTY_AUTH: Readonly<Record<string, GitAuth>> = {
  none: { type: 'none' },
  token: { type: 'token', token: '' },
  'deploy-key': { type: 'deploy-key', privateKey: '' },
  'github-app': { type: 'github-app', appId: '', installationId: '', privateKey: '' },
}

/** Adds an account; its webhook is handed to `onMade`, as its secret is answered only once. */
export function NewGitAccount({ onMade }: { onMade: (made: MadeAccount) => void }) {
  return (
    <DialogButton
      label="New git account"
      icon={<IconPlus size={16} />}
      action="Add"
      schema={gitAccountBody}
      initial={{ name: '', host: 'github', auth: { type: 'token', token: '' } }}
      fields={FIELDS}
      run={async (body) => {
        onMade(await call(createGitAccount, { body }))
        await queryClient.invalidateQueries({ queryKey: ['integrations', 'vcs'] })
      }}
    >
      {(form) => <Fields form={form} />}
    </DialogButton>
  )
}

type Form = BodyForm<typeof gitAccountBody>

function Fields({ form }: { form: Form }) {
  const { value, set, problem } = form
  const ownUrl = DEFAULT_HOST_URLS[value.host as keyof typeof DEFAULT_HOST_URLS] as string | undefined
  return (
    <>
      <NameField value={value} set={set} problem={problem} />
      <Select
        label="Host"
        allowDeselect={false}
        data={gitHosts}
        value={value.host}
        onChange={(next) => set({ host: (next ?? 'generic') as 'generic' })}
      />
      <TextInput
        label="Address of the host"
        withAsterisk={ownUrl === undefined}
        placeholder={ownUrl ?? 'https://git.example.com'}
        value={value.baseUrl ?? ''}
        error={problem('baseUrl')}
        onChange={(event) => set({ baseUrl: event.currentTarget.value || undefined })}
      />
      <Select
        label="How Fairway signs in"
        allowDeselect={false}
        data={AUTHS.filter((auth) => auth.value !== 'github-app' || value.host === 'github')}
        value={value.auth?.type ?? 'none'}
        onChange={(next) => set({ auth: EMPTY_AUTH[next ?? 'none'] })}
      />
      <AuthFields form={form} />
    </>
  )
}

function AuthFields({ form: { value, set, problem } }: { form: Form }) {
  const { auth } = value
  if (auth === undefined || auth.type === 'none') return null
  const text = (name: string, label: string, required = true) => (
    <TextInput
      key={name}
      label={label}
      withAsterisk={required}
      autoComplete="off"
      value={(auth as Record<string, string>)[name] ?? ''}
      error={problem(`auth.${name}`)}
      onChange={(event) =>
        set({ auth: { ...auth, [name]: event.currentTarget.value || undefined } as never })
      }
    />
  )
  if (auth.type === 'token') {
    return (
      <>
        <PasswordInput
          label="Token"
          description="It is sealed and never shown again."
          withAsterisk
          autoComplete="new-password"
          value={auth.token}
          error={problem('auth.token')}
          onChange={(event) => set({ auth: { ...auth, token: event.currentTarget.value } })}
        />
        {text('username', 'User name, where the host wants one', false)}
      </>
    )
  }
  return (
    <>
      {auth.type === 'github-app' && [text('appId', 'App id'), text('installationId', 'Installation id')]}
      <Textarea
        label="Private key"
        description="In PEM form. It is sealed and never shown again."
        withAsterisk
        autosize
        minRows={3}
        maxRows={8}
        value={auth.privateKey}
        error={problem('auth.privateKey')}
        onChange={(event) => set({ auth: { ...auth, privateKey: event.currentTarget.value } })}
      />
    </>
  )
}
