import { getCredentials } from '@fairway/contract/routes/addons'
import { Alert, Button, CopyButton, Group, PasswordInput, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { read } from '../../api/queries.ts'
import { useMay } from '../../api/use-permission.ts'
import { Loaded } from '../../ui/loaded.tsx'
import type { AddonParams } from './addon-page.tsx'

/** Masked until asked for: reading them needs a token that may read secrets. */
export function ConnectionTab({ params }: { params: AddonParams }) {
  const [asked, setAsked] = useState(false)
  const mayRead = useMay('admin')
  if (asked && mayRead) return <Credentials params={params} />
  return (
    <Alert title="Connection details are secret">
      {mayRead ? (
        <Stack align="flex-start" gap="xs">
          <Text size="sm">
            They are read from the server only when you ask, and each stays masked until you look at it.
          </Text>
          <Button size="xs" onClick={() => setAsked(true)}>
            Show them
          </Button>
        </Stack>
      ) : (
        'Your token may not read them. Sign in with a token that has the permission admin.'
      )}
    </Alert>
  )
}

function Credentials({ params }: { params: AddonParams }) {
  const query = useQuery({ ...read(getCredentials, { params }), gcTime: 0 })
  return (
    <Loaded query={query}>
      {({ envs, secrets }) => (
        <Stack gap="xs">
          {Object.entries({ ...envs, ...secrets }).map(([name, value]) => (
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
