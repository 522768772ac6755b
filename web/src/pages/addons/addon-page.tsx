import {
  getAddon,
  getCredentials,
  pauseAddon,
  restartAddon,
  resumeAddon,
} from '@fairway/contract/routes/addons'
import { Alert, Button, CopyButton, Group, PasswordInput, Stack, Text } from '@mantine/core'
import { modals } from '@mantine/modals'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { read } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTabs } from '../../ui/page-tabs.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { usePathParams } from '../path-params.ts'
import { BackupsTab } from './backups-tab.tsx'

export type AddonParams = { projectId: string; addonId: string }

/** A database: how it is, how to connect, its backups. */
export function AddonPage() {
  const params = usePathParams('projectId', 'addonId')
  const query = useQuery(read(getAddon, { params }))
  return (
    <Loaded query={query}>
      {({ name, status, statusMessage, spec }) => (
        <>
          <PageTitle
            title={name}
            below={
              <Group gap="sm">
                <StatusBadge status={status} />
                <Text size="sm" c="dimmed">
                  {spec.type} {spec.config.versionTag}
                </Text>
              </Group>
            }
          >
            <AddonActions params={params} status={status} />
          </PageTitle>
          {statusMessage !== undefined && (
            <Alert color="red" role="alert" mb="md">
              {statusMessage}
            </Alert>
          )}
          <PageTabs
            tabs={[
              { id: 'backups', label: 'Backups', content: () => <BackupsTab params={params} /> },
              { id: 'connection', label: 'Connection', content: () => <Connection params={params} /> },
            ]}
          />
        </>
      )}
    </Loaded>
  )
}

function AddonActions({ params, status }: { params: AddonParams; status: string }) {
  const act = useAction({
    run: (work: () => Promise<unknown>) => work(),
    refresh: ['projects', params.projectId, 'addons'],
  })
  const ask = (title: string, children: string, work: () => Promise<unknown>) =>
    modals.openConfirmModal({
      title,
      children,
      labels: { confirm: title.replace('?', ''), cancel: 'Cancel' },
      confirmProps: { color: 'red' },
      onConfirm: () => act.mutate(work),
    })
  if (status === 'paused') {
    return (
      <Button loading={act.isPending} onClick={() => act.mutate(() => call(resumeAddon, { params }))}>
        Resume
      </Button>
    )
  }
  return (
    <>
      <Button
        variant="default"
        onClick={() =>
          ask('Restart?', 'All its connections end; it is back in a moment.', () =>
            call(restartAddon, { params }),
          )
        }
      >
        Restart
      </Button>
      <Button
        variant="default"
        onClick={() =>
          ask('Pause?', 'It stops and its data stays. Whoever needs it fails until then.', () =>
            call(pauseAddon, { params }),
          )
        }
      >
        Pause
      </Button>
    </>
  )
}

/** Masked until asked for: reading them needs a token that may read secrets. */
function Connection({ params }: { params: AddonParams }) {
  const [asked, setAsked] = useState(false)
  const query = useQuery({ ...read(getCredentials, { params }), enabled: asked, gcTime: 0 })
  if (!asked) {
    return (
      <Alert title="Connection details are secret">
        <Button size="xs" onClick={() => setAsked(true)}>
          Show them
        </Button>
      </Alert>
    )
  }
  return (
    <Loaded query={query}>
      {(credentials) => (
        <Stack gap="xs">
          {Object.entries(valuesOf(credentials)).map(([name, value]) => (
            <Group key={name} align="flex-end" wrap="nowrap">
              <PasswordInput label={name} value={value} readOnly style={{ flex: 1 }} />
              <CopyButton value={value}>
                {({ copied, copy }) => (
                  <Button variant="default" onClick={copy} aria-label={`Copy ${name}`}>
                    {copied ? 'Copied' : 'Copy'}
                  </Button>
                )}
              </CopyButton>
            </Group>
          ))}
        </Stack>
      )}
    </Loaded>
  )
}

/** The environment and the secrets of the answer as one list of texts. */
function valuesOf(credentials: object): Record<string, string> {
  const { envs, secrets } = credentials as {
    envs?: Record<string, unknown>
    secrets?: Record<string, unknown>
  }
  return Object.fromEntries(
    Object.entries({ ...envs, ...secrets }).map(([name, value]) => [name, String(value)]),
  )
}
