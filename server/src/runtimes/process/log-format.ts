import type { LogLine } from '../../reconcile/runtime-port.ts'

/** One line of an instance's log file: `<time> <o|e|s> <text>`. */
export const formatLine = (at: string, stream: 'o' | 'e' | 's', text: string): string =>
  `${at} ${stream} ${text}\n`

const STREAMS = { o: 'stdout', e: 'stderr', s: 'system' } as const

/** Undefined for a line that was cut by a crash. */
export function parseLine(line: string): LogLine | undefined {
  const match = /^(\S+) ([oes]) (.*)$/s.exec(line)
  const at = new Date(match?.[1] ?? Number.NaN)
  if (match === null || Number.isNaN(at.getTime())) return undefined
  return { at, stream: STREAMS[match[2] as 'o' | 'e' | 's'], text: match[3] ?? '' }
}
