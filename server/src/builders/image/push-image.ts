import { FairwayError } from '@fairway/contract/errors'
import type { Engine } from '../../lib/docker/engine.ts'
import { followProgress, type ProgressEvent } from '../../lib/docker/progress.ts'
import type { RegistryCredentials } from '../../reconcile/registry-port.ts'

export type Push = {
  repository: string
  tag: string
  credentials: RegistryCredentials | undefined
  log: (line: string) => void
  signal: AbortSignal
  /** The engine waits for ever on a network that swallows everything: after so long without a word the push is given up. */
  quietMs: number
}

/**
 * Pushes a tagged image; answers the digest of its manifest. The engine tries a broken upload again some times by
 * itself, which is logged. `image_denied`, `registry_unreachable`.
 */
export async function pushImage(engine: Engine, push: Push): Promise<string> {
  const { repository, log, signal, quietMs } = push
  const quiet = new AbortController()
  const giveUp = (): void => quiet.abort(new Error(`nothing moved for ${Math.round(quietMs / 1000)} seconds`))
  const timer = setTimeout(giveUp, quietMs)
  const progress = followPush(log)
  try {
    await follow(engine, push, AbortSignal.any([signal, quiet.signal]), (event) => {
      timer.refresh()
      progress.take(event)
    })
  } catch (error) {
    signal.throwIfAborted()
    throw pushTrouble(quiet.signal.aborted ? quiet.signal.reason : error, repository)
  } finally {
    clearTimeout(timer)
  }
  signal.throwIfAborted()
  const digest = progress.digest()
  if (digest === undefined) throw pushTrouble(new Error('the registry named no digest'), repository)
  return digest
}

/** An abort ends the stream without an error. */
async function follow(
  engine: Engine,
  { repository, tag, credentials }: Push,
  signal: AbortSignal,
  take: (event: ProgressEvent) => void,
): Promise<void> {
  const stream = await engine.getImage(`${repository}:${tag}`).push({
    tag,
    abortSignal: signal,
    // Without credentials the engine still wants the header.
    authconfig: credentials ?? {},
  })
  await followProgress(engine, stream, take)
  signal.throwIfAborted()
}

const WORTH_SHOWING = /^(?:Pushed|Layer already exists|The push refers)/

function followPush(log: (line: string) => void) {
  let digest: string | undefined
  const retried = new Set<string>()
  return {
    digest: () => digest,
    take: ({ status = '', id, aux }: ProgressEvent): void => {
      digest = aux?.Digest ?? digest
      // Told every second, with the seconds that are left.
      if (!status.startsWith('Retrying')) retried.delete(id ?? '')
      else if (!retried.has(id ?? '')) {
        retried.add(id ?? '')
        log(`${id}: the registry broke it off, trying again`)
      }
      if (WORTH_SHOWING.test(status)) log(id === undefined ? status : `${id}: ${status}`)
    },
  }
}

function pushTrouble(cause: unknown, repository: string): FairwayError {
  const said = cause instanceof Error ? cause.message : String(cause)
  if (/denied|unauthorized|no basic auth|authentication required/i.test(said)) {
    return new FairwayError(
      'image_denied',
      `The registry does not let Fairway push to ${repository}. Check the credentials of the registry.`,
      { cause, detail: said },
    )
  }
  return new FairwayError(
    'registry_unreachable',
    `The image could not be pushed to ${repository}: ${said}. Check that the registry is up, and build again.`,
    { cause },
  )
}
