import { type ErrorCode, FairwayError } from '@fairway/contract/errors'
import type { NodeError, Outcome } from './model.ts'

/** Refusals that another attempt may not meet again. */
const TRANSIENT: readonly ErrorCode[] = [
  'repository_unreachable',
  'registry_unreachable',
  'rate_limited',
  'timed_out',
  'unauthorized',
  'disk_full',
  'database_unavailable',
]

/** What an error of a step means: a refusal of ours is a definite "no", anything else is unexpected and retried. */
export function outcomeOf(error: unknown, mask: (text: string) => string): Outcome {
  if (!(error instanceof FairwayError))
    return { is: 'threw', error: { code: 'internal', message: mask(unexpected(error)) } }
  const own: NodeError = { code: error.code, message: mask(error.message) }
  const definite = error.code === 'not_supported' || (error.status < 500 && !TRANSIENT.includes(error.code))
  return definite ? { is: 'failed', error: own } : { is: 'threw', error: own }
}

const unexpected = (error: unknown): string =>
  `Something unexpected happened: ${error instanceof Error ? error.message : String(error)}`

/** Whether an error says something about the database or the lease rather than about the step. */
export function concernsWholePass(error: unknown): boolean {
  if (error instanceof FairwayError)
    return error.code === 'lease_lost' || error.code === 'database_unavailable'
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' && WHOLE_PASS.test(code)
}

/** Connection, transaction rollback, resources, shutdown; and the network errors of the driver. */
const WHOLE_PASS = /^(08|40|53|57)[0-9A-Z]{3}$|^E(CONN(REFUSED|RESET)|PIPE|NOTFOUND|TIMEDOUT)$/
