import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useRouter } from '@tanstack/react-router'
import { useEffect } from 'react'
import { ApiError, sentenceOf } from '../api/api-error.ts'
import { signOut } from '../api/session.ts'
import { isLoadFailure, loadAgainOnce } from './load-failure.ts'
import { Gone } from './not-found.tsx'

const UNLOADED = 'A part of this page did not arrive: the network may have changed, or Fairway was updated.'

type PageErrorProps = { error: unknown; retry?: () => void }

/** What went wrong, in the server's words, and a way to go on. */
export function PageError({ error, retry }: PageErrorProps) {
  const router = useRouter()
  const isUnloaded = isLoadFailure(error)
  useEffect(() => {
    if (isUnloaded) loadAgainOnce()
  }, [isUnloaded])
  const again = (): void => {
    if (isUnloaded) window.location.reload()
    else if (retry) retry()
    else void router.invalidate()
  }
  if (isGone(error)) return <Gone sentence={sentenceOf(error)} />
  const isForbidden = error instanceof ApiError && error.status === 403
  return (
    <Alert
      role="alert"
      color="red"
      variant="light"
      icon={<IconAlertTriangle aria-hidden />}
      title={titleOf(error)}
      m="md"
    >
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{isUnloaded ? UNLOADED : sentenceOf(error)}</Text>
        <Group gap="xs">
          <Button size="xs" variant="default" onClick={again}>
            Try again
          </Button>
          {isForbidden && (
            <Button size="xs" variant="default" onClick={signOut}>
              Sign in with another token
            </Button>
          )}
        </Group>
      </Stack>
    </Alert>
  )
}

/** Whether what was asked for does not exist, or not any more. */
export const isGone = (error: unknown): boolean => error instanceof ApiError && error.status === 404

/** Pure. */
function titleOf(error: unknown): string {
  const status = error instanceof ApiError ? error.status : undefined
  if (status === 403) return 'Your token may not see this'
  return status === 0 ? 'Fairway cannot be reached' : 'This could not be shown'
}
