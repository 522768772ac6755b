import { getFlowWebhook, issueFlowWebhook, revokeFlowWebhook } from '@fairway/contract/routes/release-flows'
import { Button, Group, Text } from '@mantine/core'
import { modals } from '@mantine/modals'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { read } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { Ago } from '../../ui/ago.tsx'
import { CopyField } from '../../ui/copy-field.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import type { FlowParams } from './flow-editor.tsx'

/** The address by which anything that can send a request starts the flow. It is shown once. */
export function FlowWebhook({ params }: { params: FlowParams }) {
  const query = useQuery(read(getFlowWebhook, { params }))
  const [address, setAddress] = useState<string>()
  const refresh = ['projects', params.projectId, 'pipelines']
  const issue = useAction({
    run: () => call(issueFlowWebhook, { params }),
    refresh,
    after: ({ path }) => setAddress(`${location.origin}${path}`),
  })
  const revoke = useAction({
    run: () => call(revokeFlowWebhook, { params }),
    refresh,
    done: 'The secret address does not work any more.',
    after: () => setAddress(undefined),
  })
  const ask = (what: 'rotate' | 'remove'): void => {
    modals.openConfirmModal({
      title: what === 'rotate' ? 'Make a new secret address?' : 'Remove the secret address?',
      children: 'The address there is now stops to work at once, for everything that uses it.',
      labels: { confirm: what === 'rotate' ? 'Make a new one' : 'Remove it', cancel: 'Cancel' },
      confirmProps: { color: 'red' },
      onConfirm: () => (what === 'rotate' ? issue : revoke).mutate(),
    })
  }
  return (
    <Loaded query={query}>
      {({ enabled, createdAt, lastUsedAt }) => (
        <>
          <Text size="sm" c="dimmed" component="div">
            {enabled && createdAt !== undefined ? (
              <>
                Made <Ago at={createdAt} />
                {lastUsedAt == null ? (
                  ', never used.'
                ) : (
                  <>
                    , last used <Ago at={lastUsedAt} />.
                  </>
                )}
              </>
            ) : (
              'GET or POST of a secret address can start the flow; there is none now.'
            )}
          </Text>
          {address !== undefined && (
            <CopyField
              label="Secret address"
              value={address}
              description="Copy it now: it is not shown again. Who knows it can start the flow."
            />
          )}
          <Group gap="xs">
            <Button
              size="xs"
              variant="default"
              loading={issue.isPending}
              onClick={() => (enabled ? ask('rotate') : issue.mutate())}
            >
              {enabled ? 'Make a new one' : 'Make a secret address'}
            </Button>
            {enabled && (
              <Button size="xs" variant="default" loading={revoke.isPending} onClick={() => ask('remove')}>
                Remove
              </Button>
            )}
          </Group>
        </>
      )}
    </Loaded>
  )
}
