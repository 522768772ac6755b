import type { RouteContract } from '@fairway/contract/route'
import type { logLine } from '@fairway/contract/routes/streams'
import { useEffect, useRef, useState } from 'react'
import type { z } from 'zod'
import { ApiError, sentenceOf } from '../api/api-error.ts'
import { readEvents } from '../api/read-events.ts'
import { LogView, type ShownLine } from './log-view.tsx'

type Line = z.output<typeof logLine>

type LiveLogProps = {
  route: RouteContract
  params: Record<string, string>
  query: Record<string, string | number>
  height?: number
  /** Whether another log may follow this one, or begin later: then it is asked for again. */
  goesOn?: boolean
  /** Whether each line says who wrote it. */
  showInstance?: boolean
  /** Who writes it, in any words: when others do, it is read anew. */
  writers?: string
}

/** The browser keeps this many lines; older ones go. */
const KEPT = 5_000
const REPAINT_MS = 100
const AGAIN_MS = 1_000

/** A log as it is written, with a search in what was read. */
export function LiveLog({
  route,
  params,
  query,
  height = 320,
  goesOn = false,
  showInstance = false,
  writers = '',
}: LiveLogProps) {
  const address = JSON.stringify({ params, query })
  const { lines, note } = useLines({ route, address, goesOn, writers })
  return <LogView lines={lines} note={note} height={height} showInstance={showInstance} />
}

type Reading = { route: RouteContract; address: string; goesOn: boolean; writers: string }

function useLines({ route, address, goesOn, writers }: Reading) {
  const [lines, setLines] = useState<readonly ShownLine[]>([])
  const [note, setNote] = useState<string>()
  const mayGoOn = useRef(goesOn)
  mayGoOn.current = goesOn
  // biome-ignore lint/correctness/useExhaustiveDependencies: the lines of another address are none of this one.
  useEffect(() => setLines([]), [route, address])
  // biome-ignore lint/correctness/useExhaustiveDependencies: what others write is read, too.
  useEffect(() => {
    const abort = new AbortController()
    setNote(undefined)
    void follow(route, address, { signal: abort.signal, mayGoOn, setLines, setNote })
    return () => abort.abort()
  }, [route, address, writers])
  return { lines, note }
}

type Following = {
  signal: AbortSignal
  mayGoOn: { readonly current: boolean }
  setLines(lines: readonly ShownLine[]): void
  setNote(note: string | undefined): void
}

/** Reads the log to its end; from its beginning again when the connection broke, so that nothing is lost or doubled. */
async function follow(route: RouteContract, address: string, following: Following): Promise<void> {
  const { signal, mayGoOn, setNote } = following
  for (;;) {
    // A log that ended a moment before what it belongs to is read once more.
    const mayHaveMore = mayGoOn.current
    const ended = await readOnce(route, address, following)
    if (signal.aborted) return
    setNote(ended.note)
    if (!ended.broke && !mayHaveMore) return
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
    if (signal.aborted) return
  }
}

/** What was shown before stays until the server has begun to answer. */
async function readOnce(
  route: RouteContract,
  address: string,
  { signal, setLines, setNote }: Following,
): Promise<{ note: string; broke: boolean }> {
  const { params, query } = JSON.parse(address) as Pick<LiveLogProps, 'params' | 'query'>
  const kept: ShownLine[] = []
  let count = 0
  let due: ReturnType<typeof setTimeout> | undefined
  const repaint = (): void => {
    due = undefined
    if (!signal.aborted) setLines(kept.slice())
  }
  const repaintSoon = (): void => {
    if (due === undefined) due = setTimeout(repaint, REPAINT_MS)
  }
  const onOpen = (): void => {
    setNote(undefined)
    repaintSoon()
  }
  try {
    for await (const { data } of readEvents(route, { params, query, signal }, { onOpen })) {
      count += 1
      kept.push({ ...(data as Line), key: count })
      if (kept.length > KEPT) kept.splice(0, kept.length - KEPT)
      repaintSoon()
    }
    return { note: 'The log has ended.', broke: false }
  } catch (error) {
    return { note: sentenceOf(error), broke: error instanceof ApiError && error.status === 0 }
  }
}
