import { FairwayError } from '@fairway/contract/errors'

/** Does the work with a signal that aborts when `outer` does (`aborted`) or after so many seconds (`timed_out`). */
export async function withBuildDeadline<T>(
  seconds: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController()
  const stop = (): void => abort.abort(new FairwayError('aborted', 'The build was aborted.'))
  const late = new FairwayError('timed_out', `The build took longer than ${seconds} seconds and was stopped.`)
  const timer = setTimeout(() => abort.abort(late), seconds * 1000)
  outer.addEventListener('abort', stop, { once: true })
  if (outer.aborted) stop()
  try {
    return await work(abort.signal)
  } finally {
    clearTimeout(timer)
    outer.removeEventListener('abort', stop)
  }
}
