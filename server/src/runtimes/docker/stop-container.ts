import { FairwayError } from '@fairway/contract/errors'
import type Docker from 'dockerode'
import { isAbsentThere, isConflict } from '../../lib/docker/engine-answers.ts'

const KILL_DEADLINE_MS = 30_000

/**
 * Asks the main process to end with the signal its image names (SIGTERM when it names none), and kills the whole
 * container after `graceMs`. Resolves when it is observed gone. Not the engine's own stop: that counts whole seconds.
 */
export async function stopContainer(
  container: Docker.Container,
  asks: string,
  graceMs: number,
): Promise<void> {
  await send(container, asks)
  if (await endsWithin(container, graceMs)) return
  await send(container, 'SIGKILL')
  if (await endsWithin(container, KILL_DEADLINE_MS)) return
  throw new FairwayError('runtime_failed', 'The Docker Engine could not end the instance. Look at its log.')
}

async function send(container: Docker.Container, signal: string): Promise<void> {
  try {
    await container.kill({ signal })
  } catch (error) {
    // Ended meanwhile.
    if (!isConflict(error) && !isAbsentThere(error)) throw error
  }
}

async function endsWithin(container: Docker.Container, ms: number): Promise<boolean> {
  const signal = AbortSignal.timeout(ms)
  try {
    await container.wait({ condition: 'not-running', abortSignal: signal })
    return true
  } catch (error) {
    if (isAbsentThere(error)) return true
    if (signal.aborted) return false
    throw error
  }
}
