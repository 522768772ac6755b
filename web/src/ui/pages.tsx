import { Button, Group } from '@mantine/core'
import { useState } from 'react'

/** Where one is in a list that comes in pages: the cursors of the pages before. */
export function usePages() {
  const [cursors, setCursors] = useState<string[]>([])
  const cursor = cursors.at(-1)
  return {
    query: cursor === undefined ? {} : { cursor },
    isFirst: cursors.length === 0,
    forward: (next: string) => setCursors([...cursors, next]),
    back: () => setCursors(cursors.slice(0, -1)),
    restart: () => setCursors([]),
  }
}

type PagesProps = { pages: ReturnType<typeof usePages>; next: string | undefined }

/** Back and forth; nothing when everything is on one page. */
export function Pages({ pages, next }: PagesProps) {
  if (pages.isFirst && next === undefined) return null
  return (
    <Group justify="flex-end" mt="sm">
      <Button size="xs" variant="default" disabled={pages.isFirst} onClick={pages.back}>
        Newer
      </Button>
      <Button
        size="xs"
        variant="default"
        disabled={next === undefined}
        onClick={() => next !== undefined && pages.forward(next)}
      >
        Older
      </Button>
    </Group>
  )
}
