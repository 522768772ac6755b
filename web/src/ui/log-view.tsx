import { Box, Group, Switch, Text, TextInput } from '@mantine/core'
import { useEffect, useMemo, useRef, useState } from 'react'
import classes from './log-view.module.css'

export type ShownLine = {
  key: number
  at: string
  text: string
  stream?: string
  instance?: string | undefined
}

type LogViewProps = {
  lines: readonly ShownLine[]
  /** Why there are no more lines. */
  note: string | undefined
  height: number
  /** Whether each line says who wrote it. */
  showInstance?: boolean
  /** Whether lines may still come. */
  live?: boolean
}

/** Lines of a log with a search in them. */
export function LogView({ lines, note, height, showInstance = false, live = true }: LogViewProps) {
  const [search, setSearch] = useState('')
  const [following, setFollowing] = useState(true)
  const box = useRef<HTMLDivElement>(null)
  const shown = useMemo(() => {
    const words = search.toLowerCase()
    return words === '' ? lines : lines.filter(({ text }) => text.toLowerCase().includes(words))
  }, [lines, search])
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new line is what scrolls.
  useEffect(() => {
    if (following && box.current !== null) box.current.scrollTop = box.current.scrollHeight
  }, [shown, following])
  return (
    <Box>
      <Group mb={6} gap="sm">
        <TextInput
          size="xs"
          placeholder="Search"
          aria-label="Search in the log"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          style={{ flex: 1 }}
        />
        {live && (
          <Switch
            size="xs"
            label="Follow"
            checked={following}
            onChange={(event) => setFollowing(event.currentTarget.checked)}
          />
        )}
      </Group>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reachable by keyboard. */}
      <div ref={box} className={classes.log} style={{ height }} role="log" aria-label="Log" tabIndex={0}>
        {shown.map((line) => (
          <div key={line.key} data-stream={line.stream} className={classes.line}>
            <time dateTime={line.at}>{line.at.slice(11, 23)}</time>{' '}
            {showInstance && <span className={classes.instance}>{line.instance?.slice(0, 13)} </span>}
            {line.text}
          </div>
        ))}
        {shown.length === 0 && (
          <Text size="xs" c="dimmed">
            {search === '' ? (note ?? 'No output yet.') : 'No line holds these words.'}
          </Text>
        )}
      </div>
      {note !== undefined && shown.length > 0 && (
        <Text size="xs" c="dimmed" mt={4}>
          {note}
        </Text>
      )}
    </Box>
  )
}
