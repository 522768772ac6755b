import { existsSync } from 'node:fs'
import Docker from 'dockerode'

export type Engine = Docker

/** Where a Docker Engine listens: DOCKER_HOST's Unix socket, or the usual one. */
export const DEFAULT_ENGINE_SOCKET = '/var/run/docker.sock'

/** A client of the engine behind this socket. Nothing is asked yet. */
export const connectEngine = (socketPath: string): Engine => new Docker({ socketPath })

/** Whether an engine answers there within two seconds. */
export async function isEngineThere(socketPath: string): Promise<boolean> {
  if (!existsSync(socketPath)) return false
  try {
    await new Docker({ socketPath, timeout: 2_000 }).ping()
    return true
  } catch {
    // Whatever went wrong: there is no engine to use. `fairway doctor` says what.
    return false
  }
}

/** The HTTP status of an engine's refusal; undefined for anything else. */
export const engineStatusOf = (error: unknown): number | undefined =>
  error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined
