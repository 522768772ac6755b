import type { ConcurrencyPolicy } from '@fairway/contract/flow'
import type { RunSummary } from '../../db/release-runs.ts'

/** What becomes of a new run of a flow, and of the others, by the flow's concurrency policy. */
export type Admission =
  | { is: 'refused'; because: RunSummary }
  | { is: 'admitted'; status: 'pending' | 'queued'; skip: RunSummary[]; abort: RunSummary[] }

/**
 * `active`: runs that have begun or are about to. `queued`: runs that wait, oldest first. Pure.
 *
 * allow: begins. queue: waits for those before it. forbid: refused while one is active or waits. latest: waits,
 * and takes the place of the one that waited. replace: the same, and the active ones are aborted.
 */
export function admit(
  policy: ConcurrencyPolicy,
  active: readonly RunSummary[],
  queued: readonly RunSummary[],
): Admission {
  const others = [...active, ...queued]
  const [first] = others
  if (policy === 'allow' || first === undefined)
    return { is: 'admitted', status: 'pending', skip: [], abort: [] }
  switch (policy) {
    case 'forbid':
      return { is: 'refused', because: first }
    case 'queue':
      return { is: 'admitted', status: 'queued', skip: [], abort: [] }
    case 'latest':
      return { is: 'admitted', status: 'queued', skip: [...queued], abort: [] }
    case 'replace':
      return { is: 'admitted', status: 'queued', skip: [...queued], abort: [...active] }
  }
}
