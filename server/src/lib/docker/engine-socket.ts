import { existsSync } from 'node:fs'
import { get } from 'node:http'

/** Where a Docker Engine listens: DOCKER_HOST's Unix socket, or the usual one. */
export const DEFAULT_ENGINE_SOCKET = '/var/run/docker.sock'

const PATIENCE_MS = 2_000

/** Whether an engine answers there within two seconds. */
export async function isEngineThere(socketPath: string): Promise<boolean> {
  if (!existsSync(socketPath)) return false
  // Without the client library: who has no engine need not load it.
  return await new Promise((resolve) => {
    const asked = get({ socketPath, path: '/_ping', signal: AbortSignal.timeout(PATIENCE_MS) }, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    })
    // Whatever went wrong: there is no engine to use. `fairway doctor` says what.
    asked.once('error', () => resolve(false))
  })
}
