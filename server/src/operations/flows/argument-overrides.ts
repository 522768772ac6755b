import { randomBytes } from 'node:crypto'
import type { FlowKey, ReleaseFlowRow } from '../../db/release-flows.ts'
import { openJson, type Sealer, sealJson } from '../../lib/seal.ts'
import { secretPartsOf } from '../environment/secret-looking.ts'

/** What is sealed beside a flow: its argument overrides, and the seed of its sticky random values. */
export type FlowSecrets = { overrides: Record<string, unknown>; seed: string }

const contextOf = ({ projectId, pipelineId, stage }: FlowKey): string =>
  `release-flow/${projectId}/${pipelineId}/${stage}`

export const newFlowSecrets = (): FlowSecrets => ({
  overrides: {},
  seed: randomBytes(32).toString('base64'),
})

export const sealFlowSecrets = (key: FlowKey, secrets: FlowSecrets, sealer: Sealer): Buffer =>
  sealJson(sealer, secrets, contextOf(key))

/** Opens them and tells whoever masks output what in them looks secret. */
export function openFlowSecrets(key: FlowKey, flow: ReleaseFlowRow | undefined, sealer: Sealer): FlowSecrets {
  if (flow === undefined || flow.argument_overrides === null) return newFlowSecrets()
  const secrets = openJson<FlowSecrets>(sealer, flow.argument_overrides, contextOf(key))
  announceValues(secrets.overrides, sealer)
  return secrets
}

const COMMIT = /^[0-9a-f]{40}$/

/** Announces the texts in arguments that look like secrets; a branch or a commit must stay readable. */
export function announceValues(value: unknown, sealer: Sealer, name = ''): void {
  if (typeof value === 'string') announceText(name, value, sealer)
  else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) announceValues(item, sealer, `${name}.${key}`)
}

function announceText(name: string, text: string, sealer: Sealer): void {
  if (COMMIT.test(text)) return
  for (const part of secretPartsOf(name, text)) sealer.announce(part)
}
