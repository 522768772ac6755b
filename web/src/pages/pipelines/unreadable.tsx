import { Text } from '@mantine/core'
import { sentenceOf } from '../../api/api-error.ts'

/** A part of the board that could not be read, with the server's words. */
export const Unreadable = ({ what, error }: { what: string; error: unknown }) => (
  <Text size="xs" c="var(--mantine-color-error)" role="alert">
    {what} cannot be shown. {sentenceOf(error)}
  </Text>
)
