import type { RouteContract } from '@fairway/contract/route'
import type { logLine } from '@fairway/contract/routes/streams'
import { Box, Group, Switch, Text, TextInput } from '@mantine/core'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { z } from 'zod'
import { sentenceOf } from '../api/api-error.ts'
import { readEvents } from '../api/read-events.ts'
import classes from './live-log.module.css'

type Line = z.output<typeof logLine>

type LiveLogProps = {
  route: RouteContract
  params: Record<string, string>
  query: Record<string, string | number>
  height?: number
}

/** The browser keeps this many lines; older ones go. */
const KEPT = 5_000
const REPAINT_MS = 100

/** A log as it is written, with a search in what was read. */
export function LiveLog({ route, params, query, height = 320 }: LiveLogProps) {
  const address = JSON.stringify({ params, query })
  const { lines, note } = useLines(route, address)
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
        <Switch
          size="xs"
          label="Follow"
          checked={following}
          onChange={(event) => setFollowing(event.currentTarget.checked)}
        />
      </Group>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reachable by keyboard. */}
      <div ref={box} className={classes.log} style={{ height }} role="log" aria-label="Log" tabIndex={0}>
        {shown.map((line) => (
          <div key={line.key} data-stream={line.stream} className={classes.line}>
            <time dateTime={line.at}>{line.at.slice(11, 23)}</time> {line.text}
          </div>
        ))}
        {shown.length === 0 && (
          <Text size="xs" c="dimmed">
            {note ?? (search === '' ? 'No output yet.' : 'No line holds these words.')}
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

function useLines(route: RouteContract, address: string) {
  const [lines, setLines] = useState<(Line & { key: number })[]>([])
  const [note, setNote] = useState<string>()
  useEffect(() => {
    const abort = new AbortController()
    const { params, query } = JSON.parse(address) as Pick<LiveLogProps, 'params' | 'query'>
    const kept: (Line & { key: number })[] = []
    let count = 0
    let due: ReturnType<typeof setTimeout> | undefined
    const repaint = (): void => {
      due = undefined
      setLines(kept.slice())
    }
    const follow = async (): Promise<void> => {
      for await (const { data } of readEvents(route, { params, query, signal: abort.signal })) {
        count += 1
        kept.push({ ...(data as Line), key: count })
        if (kept.length > KEPT) kept.splice(0, kept.length - KEPT)
        due ??= setTimeout(repaint, REPAINT_MS)
      }
      setNote('The log has ended.')
    }
    setLines([])
    setNote(undefined)
    follow().catch((error: unknown) => {
      if (!abort.signal.aborted) setNote(sentenceOf(error))
    })
    return () => {
      abort.abort()
      clearTimeout(due)
    }
  }, [route, address])
  return { lines, note }
}
