import { buildMoves } from '@fairway/contract/states'
import type { Streams } from './api/streams/streams-port.ts'
import type { Adapters } from './app-adapters.ts'
import { findBuild } from './db/builds.ts'
import type { Db } from './db/db.ts'

/** Logs and exec for the API, from the runtime and the builder. */
export function streamsOf(db: Db, { runtime, buildLogs }: Pick<Adapters, 'runtime' | 'buildLogs'>): Streams {
  return {
    instanceLogs: (runtimeId, request) => runtime.logs(runtimeId, request),
    exec: (runtimeId, request) => runtime.exec(runtimeId, request),
    buildLogs: (build, request) =>
      buildLogs.read(build, {
        ...request,
        isConcluded: async () => {
          const row = await findBuild(db, build)
          return row === undefined || buildMoves[row.status].length === 0
        },
      }),
  }
}

const MOST_OUTPUT = 16 * 1024

/** For release flows: runs a command to its end and answers the end of what it said. */
export async function runInInstance(
  { runtime }: Pick<Adapters, 'runtime'>,
  runtimeId: string,
  request: { command: readonly string[]; timeoutMs: number; signal: AbortSignal },
): Promise<{ exitCode: number; output: string }> {
  let output = ''
  for await (const event of runtime.exec(runtimeId, request)) {
    if (event.type === 'exit') return { exitCode: event.exitCode, output }
    output = (output + Buffer.from(event.chunk).toString()).slice(-MOST_OUTPUT)
  }
  return { exitCode: 1, output }
}
