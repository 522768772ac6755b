import { Code, Group, Text } from '@mantine/core'

export type VersionShown = {
  sha?: string | null | undefined
  branch?: string | null | undefined
  message?: string | null | undefined
  image?: string | null | undefined
  digest?: string | null | undefined
}

/** Which version: the commit and its message, or the image. */
export function Version({ version }: { version: VersionShown | null | undefined }) {
  if (version === null || version === undefined) return <Text c="dimmed">nothing yet</Text>
  const { sha, branch, message, image, digest } = version
  const name = sha?.slice(0, 7) ?? image ?? digest?.replace('sha256:', '').slice(0, 12) ?? 'unknown'
  return (
    <div>
      <Group gap={6} wrap="nowrap">
        <Code>{name}</Code>
        {branch != null && branch !== '' && (
          <Text size="xs" c="dimmed" truncate>
            {branch}
          </Text>
        )}
      </Group>
      {message != null && (
        <Text size="xs" c="dimmed" lineClamp={1}>
          {message.split('\n')[0]}
        </Text>
      )}
    </div>
  )
}
