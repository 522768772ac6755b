import { randomBytes } from 'node:crypto'
import { type FlowDocument, isGitTrigger } from '@fairway/contract/flow'
import type { Db } from '../../db/db.ts'
import { listSecretGroups } from '../../db/secrets.ts'
import { openJson, type Sealer, sealJson } from '../../lib/seal.ts'
import { readGroupValues } from '../environment/resolve.ts'
import { announceValues, type FlowSecrets } from '../flows/argument-overrides.ts'

/** What a run gives to the expressions of its nodes. */
export type RunValues = {
  arguments: Readonly<Record<string, unknown>>
  /** What `${refs.<trigger>...}` reads, by the ref of the trigger. */
  triggers: Readonly<Record<string, unknown>>
  startedAt: Date
  seeds: { run: Uint8Array; flow: Uint8Array }
  fetchSecret(group: string, key: string): string | undefined
}

/** What is sealed in a run: its arguments (run over overrides), and the seeds of its random values. */
export type RunSecrets = { arguments: Record<string, unknown>; seeds: { run: string; flow: string } }

const contextOf = (runId: string): string => `release-run/${runId}`

export const newRunSecrets = (given: Record<string, unknown>, flow: FlowSecrets): RunSecrets => ({
  arguments: { ...flow.overrides, ...given },
  seeds: { run: randomBytes(32).toString('base64'), flow: flow.seed },
})

export const sealRunSecrets = (runId: string, secrets: RunSecrets, sealer: Sealer): Buffer =>
  sealJson(sealer, secrets, contextOf(runId))

export function openRunSecrets(runId: string, sealed: Buffer | null, sealer: Sealer): RunSecrets {
  if (sealed === null) return { arguments: {}, seeds: { run: '', flow: '' } }
  const secrets = openJson<RunSecrets>(sealer, sealed, contextOf(runId))
  announceValues(secrets.arguments, sealer)
  return secrets
}

type Overrides = Record<string, Record<string, unknown>>

type ValuesRequest = {
  /** Whose secret groups may be read; null: none. */
  projectId: string | null
  document: FlowDocument
  overrides: Overrides
  secrets: RunSecrets
  startedAt: Date
}

/** Everything that the expressions of a run may read besides the answers of its nodes. */
export async function readRunValues(db: Db, request: ValuesRequest, sealer: Sealer): Promise<RunValues> {
  const { document, overrides, secrets, startedAt } = request
  return {
    arguments: secrets.arguments,
    triggers: triggerValues(document, overrides),
    startedAt,
    seeds: {
      run: Buffer.from(secrets.seeds.run, 'base64'),
      flow: Buffer.from(secrets.seeds.flow, 'base64'),
    },
    fetchSecret: await secretReader(db, request, sealer),
  }
}

function triggerValues(document: FlowDocument, overrides: Overrides): Record<string, unknown> {
  const entries = (document.triggers ?? []).flatMap((trigger) => {
    const { ref } = trigger
    if (ref === undefined) return []
    const own = isGitTrigger(trigger) ? { repoUrl: trigger.repoUrl } : {}
    return [[ref, { ...own, ...overrides[ref] }] as const]
  })
  return Object.fromEntries(entries)
}

/** Opens the secret groups only when the document asks for them. */
async function secretReader(
  db: Db,
  { projectId, document }: ValuesRequest,
  sealer: Sealer,
): Promise<RunValues['fetchSecret']> {
  if (projectId === null || !JSON.stringify(document).includes('fetchSecret')) return () => undefined
  const values = new Map<string, Record<string, string>>()
  for (const group of await listSecretGroups(db, projectId)) {
    const { variables } = await readGroupValues(
      db,
      { projectId, id: group.id, version: group.version },
      sealer,
    )
    values.set(group.id, variables)
  }
  return (group, key) => {
    const found = values.get(group)
    const value = found !== undefined && Object.hasOwn(found, key) ? found[key] : undefined
    if (value !== undefined) sealer.announce(value)
    return value
  }
}
