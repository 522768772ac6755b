import { type Logger, pino } from 'pino'

export type Log = Logger

/** JSON lines on standard error; every string passes through `mask` first, so that known secrets never show. */
export function createLog(level: string, mask: (text: string) => string): Log {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    { write: (line: string) => void process.stderr.write(mask(line)) },
  )
}

/** For tests and tools that want no log. */
export const silentLog = (): Log => pino({ level: 'silent' })
