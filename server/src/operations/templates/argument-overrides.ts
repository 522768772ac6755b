import type { TemplateRow } from '../../db/templates.ts'
import { openJson, type Sealer, sealJson } from '../../lib/seal.ts'
import { announceValues, type FlowSecrets, newFlowSecrets } from '../flows/argument-overrides.ts'

const contextOf = (uid: string): string => `template/${uid}`

export const sealTemplateSecrets = (uid: string, secrets: FlowSecrets, sealer: Sealer): Buffer =>
  sealJson(sealer, secrets, contextOf(uid))

/** Opens the argument overrides of a template, and tells whoever masks output what in them looks secret. */
export function openTemplateSecrets(
  { uid, argument_overrides }: Pick<TemplateRow, 'uid' | 'argument_overrides'>,
  sealer: Sealer,
): FlowSecrets {
  if (argument_overrides === null) return newFlowSecrets()
  const secrets = openJson<FlowSecrets>(sealer, argument_overrides, contextOf(uid))
  announceValues(secrets.overrides, sealer)
  return secrets
}
