import type { Db } from '../../db/db.ts'
import { listEffectsOfRuns } from '../../db/stage-state.ts'

const DATA_STAYS = 'Data in databases and volumes stays as it is.'

/** What runs did that no rollback undoes, in words. */
export async function describeEffects(db: Db, runIds: readonly string[]): Promise<string[]> {
  const effects = await listEffectsOfRuns(db, runIds)
  return [
    ...effects.flatMap(({ kind, input, startedAt }) => {
      const what = effectOf(kind, input)
      return what === undefined ? [] : [`${what} at ${startedAt.toISOString()}; what it did stays.`]
    }),
    DATA_STAYS,
  ]
}

type Spec = {
  jobId?: string
  kind?: string
  spec?: { type?: string; data?: { serviceId?: string; jobId?: string; addonId?: string } }
}

/** What a step leaves behind, or undefined when it leaves nothing. */
export function effectOf(kind: string, spec: unknown): string | undefined {
  const { jobId, kind: noun, spec: inner } = (spec ?? {}) as Spec
  if (kind === 'JobRun') return `Job "${jobId ?? '?'}" ran`
  const { serviceId, jobId: execJob, addonId } = inner?.data ?? {}
  if (inner?.type === 'execute') return `A command ran in ${serviceId ?? execJob ?? '?'}`
  if (noun === 'AddonBackup') return `A backup of addon "${addonId ?? '?'}" was restored`
  return undefined
}
