import { FairwayError } from '@fairway/contract/errors'
import { engineStatusOf } from '../../lib/docker/engine.ts'
import { hasCode } from '../../lib/has-code.ts'

/** What the engine wrote about its refusal; for the log, and to tell apart what it gives one status for. */
export const engineMessage = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

/** Whether nobody answered at the engine's socket, or the answer broke off: the engine is down or restarts. */
export const isEngineGone = (error: unknown): boolean =>
  engineStatusOf(error) === undefined &&
  (hasCode(error, 'ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EACCES') ||
    /socket hang up/.test(engineMessage(error)))

export const isAbsentThere = (error: unknown): boolean => engineStatusOf(error) === 404

export const isConflict = (error: unknown): boolean => engineStatusOf(error) === 409

/** `undefined` when the engine does not know the thing that was asked about. */
export async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (isAbsentThere(error)) return undefined
    throw error
  }
}

/**
 * A container that was not created or started, in words. Anything that is not the engine's definite refusal stays what
 * it is: unexpected, and so tried again.
 */
export function startFailure(error: unknown): unknown {
  const status = engineStatusOf(error)
  if (status === undefined) return error
  const message = engineMessage(error)
  const options = { cause: error, detail: message }
  // The engine has one status for all of these; only its text tells them apart.
  if (/no space left on device/i.test(message))
    return new FairwayError(
      'disk_full',
      "The engine's disk is full. Free some space, then try again.",
      options,
    )
  if (/unable to find user|no matching entries in passwd/i.test(message))
    return new FairwayError(
      'runtime_failed',
      'The image does not know the user to run as. Check the user.',
      options,
    )
  if (status === 400)
    return new FairwayError(
      'runtime_failed',
      'The Docker Engine refused the settings of the instance. The log of Fairway says which.',
      options,
    )
  return new FairwayError(
    'runtime_failed',
    'The Docker Engine could not start the instance. The log of Fairway says why.',
    options,
  )
}
