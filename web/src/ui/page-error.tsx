import { Alert, Button, Stack, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useRouter } from '@tanstack/react-router'
import { sentenceOf } from '../api/api-error.ts'

/** What went wrong, in the server's words, and a way to go on. */
export function PageError({ error, retry }: { error: unknown; retry?: () => void }) {
  const router = useRouter()
  return (
    <Alert
      role="alert"
      color="red"
      variant="light"
      icon={<IconAlertTriangle aria-hidden />}
      title="This could not be shown"
      m="md"
    >
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{sentenceOf(error)}</Text>
        <Button size="xs" variant="default" onClick={() => (retry ? retry() : void router.invalidate())}>
          Try again
        </Button>
      </Stack>
    </Alert>
  )
}
