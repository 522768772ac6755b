import { FairwayError } from '@fairway/contract/errors'
import { engineStatusOf } from '../../lib/docker/engine.ts'
import { engineMessage } from '../../lib/docker/engine-answers.ts'

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
