import type { RefusalRule, TriggerSource, WatcherKind } from '@fairway/contract/resources/trigger-event'
import type { Tx } from '../../db/db.ts'
import { insertTriggerEvent, insertVerdicts, type NewTriggerEvent } from '../../db/trigger-events.ts'
import { newId } from '../../db/work.ts'

export type TriggerRecord = {
  source: TriggerSource
  /** Null: of the team. */
  projectId: string | null
  /** What was asked to start. */
  target: { kind: WatcherKind; id: string }
  /** What it started, or the rule that decided against it. */
  outcome:
    | { started: { kind: 'build' | 'job-run' | 'release-run' | 'deployment' | 'flow-version'; id: string } }
    | { rule: RefusalRule; text?: string; file?: string }
  /** What it was about. */
  commit?: string
  sentence: string
  actor: string
  /** The caller's own name of a call: the ledger holds it once. */
  delivery?: NewTriggerEvent['delivery']
}

/** Writes what a call, a tick or an image check started into the ledger, in the transaction of the start. */
export async function recordTrigger(tx: Tx, record: TriggerRecord): Promise<{ id: string }> {
  const { source, projectId, target, outcome, sentence, actor, delivery } = record
  const id = newId()
  const stream = `${source}#${projectId ?? ''}/${target.kind}/${target.id}`
  const number = await insertTriggerEvent(tx, {
    id,
    source,
    stream,
    status: 'judged',
    sentence,
    projectId: projectId ?? undefined,
    actor,
    delivery,
  })
  const started = 'started' in outcome ? outcome.started : undefined
  const refusal = 'rule' in outcome ? outcome : undefined
  await insertVerdicts(tx, { id, number: number ?? 0 }, [
    {
      project_id: projectId,
      watcher_kind: target.kind,
      watcher_id: target.id,
      started: started !== undefined,
      rule: refusal?.rule ?? null,
      rule_text: refusal?.text ?? null,
      file: refusal?.file ?? null,
      commit_sha: record.commit ?? null,
      sentence,
      started_kind: started?.kind ?? null,
      started_id: started?.id ?? null,
      superseded: [],
    },
  ])
  return { id }
}
