import { Badge } from '@mantine/core'
import { toneOf, wordsOf } from './status-words.ts'

/** How something is: a word first, the colour only repeats it. */
export function StatusBadge({ status }: { status: string }) {
  return (
    <Badge variant="light" color={toneOf(status)} tt="none" fw={600} miw="max-content">
      {wordsOf(status)}
    </Badge>
  )
}
