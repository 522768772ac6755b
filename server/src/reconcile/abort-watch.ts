import { FairwayError } from '@fairway/contract/errors'

const POLL_MS = 500

/** Why a long step was told to stop. */
export type StopReason = 'requested' | 'deadline' | 'interrupted'

export type AbortWatch = {
  signal: AbortSignal
  /** Undefined while nobody asked it to stop. */
  reason(): StopReason | undefined
  end(): void
}

/**
 * A signal for one long step: aborts when a person asks (`isRequested`, looked up now and then), when its time is up, or
 * when the worker has to stop. Call `end` when the step is over.
 */
export function watchForAbort(
  worker: AbortSignal,
  limits: { isRequested: () => Promise<boolean>; deadlineMs: number; onError: (error: unknown) => void },
): AbortWatch {
  const abort = new AbortController()
  let reason: StopReason | undefined
  const stop = (why: StopReason, sentence: string): void => {
    reason ??= why
    abort.abort(new FairwayError(why === 'deadline' ? 'timed_out' : 'aborted', sentence))
  }
  const interrupted = (): void => stop('interrupted', 'The work was interrupted and will be done again.')
  worker.addEventListener('abort', interrupted, { once: true })
  if (worker.aborted) interrupted()
  const deadline = setTimeout(() => stop('deadline', 'It took too long.'), Math.max(limits.deadlineMs, 0))
  const poll = setInterval(() => {
    limits.isRequested().then((requested) => {
      if (requested) stop('requested', 'It was aborted.')
    }, limits.onError)
  }, POLL_MS)
  return {
    signal: abort.signal,
    reason: () => reason,
    end: () => {
      clearTimeout(deadline)
      clearInterval(poll)
      worker.removeEventListener('abort', interrupted)
    },
  }
}
