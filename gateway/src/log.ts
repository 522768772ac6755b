/** The gateway's own log: one JSON line on standard error, which the starter sends to a file. */
export function log(event: string, fields: Record<string, unknown> = {}): void {
  process.stderr.write(
    `${JSON.stringify({ time: new Date().toISOString(), pid: process.pid, event, ...fields })}\n`,
  )
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
