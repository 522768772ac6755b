import { listProjects } from '@fairway/contract/routes/projects'
import { Alert, Button, Center, Code, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { ApiError, sentenceOf } from '../api/api-error.ts'
import { call } from '../api/client.ts'
import { queryClient } from '../api/queries.ts'
import { signIn, signOut, wasRefused } from '../api/session.ts'

/** Signs in with a token, after the server took it. */
export function SignInPage() {
  const [token, setToken] = useState('')
  const [ended] = useState(wasRefused)
  const { from } = useSearch({ from: '/sign-in' })
  const field = useRef<HTMLInputElement>(null)
  const navigate = useNavigate()
  const entering = useMutation({
    mutationFn: () => enter(token.trim()),
    onSuccess: () => navigate({ href: placeOf(from) }),
    onError: () => field.current?.select(),
  })
  return (
    <Center mih="100vh" p="md" component="main">
      <Paper withBorder p="xl" w="100%" maw={440}>
        <form
          onSubmit={(event) => {
            event.preventDefault()
            entering.mutate()
          }}
        >
          <Stack>
            <Title order={1} size="h2">
              Fairway
            </Title>
            {ended && !entering.isError && (
              <Alert color="yellow" role="status">
                Your token is not valid any more: it has expired, or it was revoked. With another one you go
                on where you were.
              </Alert>
            )}
            <PasswordInput
              ref={field}
              label="Token"
              description="The first start printed one."
              placeholder="Paste it here"
              value={token}
              error={entering.isError}
              onChange={(event) => setToken(event.currentTarget.value)}
              autoFocus
              required
            />
            {entering.isError && (
              <Alert color="red" role="alert">
                {reasonOf(entering.error)}
              </Alert>
            )}
            <Button type="submit" loading={entering.isPending} disabled={token.trim() === ''}>
              Sign in
            </Button>
            <Text size="sm" c="dimmed">
              It also lies in the file <Code>admin-token</Code> of the data folder, readable by its owner
              alone.
            </Text>
          </Stack>
        </form>
      </Paper>
    </Center>
  )
}

/** Only a page of this Fairway: an address that someone was sent must not lead elsewhere. Pure. */
export const placeOf = (from: string | undefined): string =>
  from !== undefined && /^\/(?![/\\])/.test(from) ? from : '/'

async function enter(token: string): Promise<void> {
  signIn(token)
  try {
    await call(listProjects)
    queryClient.clear()
  } catch (error) {
    signOut()
    throw error
  }
}

const reasonOf = (error: Error): string =>
  error instanceof ApiError && error.status === 401
    ? 'This token is not known here, or it has expired. Copy it again, whole.'
    : sentenceOf(error)
