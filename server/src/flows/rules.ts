import type { FlowRules } from '../operations/flows/flow-rules.ts'
import { checkDocument } from './check.ts'
import { parseDocument } from './document.ts'
import { foresee } from './foresee.ts'
import { applyOverrides } from './overrides.ts'
import { resetForRetry } from './settle.ts'

/** The pure rules of flows, as operations ask for them. */
export const flowRules: FlowRules = {
  parse: parseDocument,
  override: applyOverrides,
  check: checkDocument,
  resetForRetry: (rows) => {
    const byPath = new Map([...rows].map((row) => [row.path, row]))
    return resetForRetry(byPath.values()).flatMap(({ path, patch }) => {
      const row = byPath.get(path)
      return row === undefined ? [] : [{ ...row, ...patch }]
    })
  },
  foresee,
}
