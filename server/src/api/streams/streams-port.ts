/** What the log and exec routes need from the world; app.ts gives it from the runtime and the builder. */
export type StreamedLine = { at: Date; stream: 'stdout' | 'stderr' | 'system'; text: string }

export type LogRequest = { tail: number; follow: boolean; signal: AbortSignal }

export type ExecChunk =
  | { type: 'stdout' | 'stderr'; chunk: Uint8Array }
  | { type: 'exit'; exitCode: number; signal?: string }

export type Streams = {
  instanceLogs(runtimeId: string, request: LogRequest): AsyncIterable<StreamedLine>
  buildLogs(build: { projectId: string; buildId: string }, request: LogRequest): AsyncIterable<StreamedLine>
  exec(runtimeId: string, request: ExecCommand): AsyncIterable<ExecChunk>
}

export type TerminalSize = { columns: number; rows: number }

export type ExecCommand = {
  command: readonly string[]
  timeoutMs: number
  signal: AbortSignal
  stdin?: AsyncIterable<Uint8Array>
  /** A terminal of this size, and its later ones. */
  tty?: TerminalSize
  resizes?: AsyncIterable<TerminalSize>
  user?: string
}
