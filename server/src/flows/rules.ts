import type { FlowRules } from '../operations/flows/flow-rules.ts'
import { checkDocument } from './check.ts'
import { checkTemplateParts } from './check-resources.ts'
import { parseDocument } from './document.ts'
import { foresee, foreseeEach } from './foresee.ts'
import { applyOverrides } from './overrides.ts'
import { resetForRetry } from './settle.ts'
import { parseTemplate, pathInTemplate, runDocumentOf } from './template-document.ts'

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
  foreseeEach,
  parseTemplate,
  runDocument: runDocumentOf,
  checkTemplate: (document, projectId, options) => {
    const facts = { template: { projectId } }
    const steps = checkDocument(runDocumentOf(document), facts, options)
    const problems = steps.map(({ path, rule }) => ({ path: pathInTemplate(document, path), rule }))
    return [...checkTemplateParts(document, facts), ...problems]
  },
}
