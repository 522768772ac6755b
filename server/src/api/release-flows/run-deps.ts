import type { RunDeps } from '../../operations/runs/start.ts'
import type { ApiDeps } from '../deps.ts'

/** What operations on runs need, out of what handlers have. */
export const runDepsOf = ({ flowRules, sealer, clock }: ApiDeps): RunDeps => ({
  rules: flowRules,
  sealer,
  clock,
})
