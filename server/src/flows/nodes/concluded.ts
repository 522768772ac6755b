import type { AwaitedError } from '../../db/awaited.ts'
import { done, failed, type NodeResult } from '../model.ts'

const SUCCEEDED = new Set(['SUCCESS', 'completed'])
const FAILED: Readonly<Record<string, string>> = {
  FAILURE: 'failed',
  FAILED: 'failed',
  CRASHED: 'crashed',
  ABORTED: 'was aborted',
  failed: 'failed',
  aborted: 'was aborted',
}

/** What an observed status means for a step that waits for success; undefined while it is under way. */
export function concluded(
  noun: string,
  { status, error }: { status: string; error: AwaitedError },
  answer: unknown = { status },
): NodeResult | undefined {
  if (SUCCEEDED.has(status)) return done(answer)
  const verb = FAILED[status]
  if (verb === undefined) return undefined
  const code = error?.code ?? (verb === 'was aborted' ? 'aborted' : `${noun.replace(' ', '_')}_failed`)
  return failed(code, error?.message ?? `The ${noun} ${verb}.`)
}

/** What a step waited for is there no more. */
export const missing = (noun: string, id: string): NodeResult =>
  failed('not_found', `There is no ${noun} "${id}".`)
