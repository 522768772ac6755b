import type { RefusalRule, WatcherKind } from '@fairway/contract/resources/trigger-event'
import type { TriggerView, triggerVerdictView } from '@fairway/contract/routes/trigger-event'
import type { z } from 'zod'
import type { VerdictRow } from '../../db/trigger-events.ts'
import type { TriggerViewRow } from '../../db/trigger-views.ts'
import { present } from '../../lib/assert.ts'

type TriggerVerdictView = z.input<typeof triggerVerdictView>
type Delivery = Omit<TriggerViewRow, 'verdicts'>

export const deliveryViewOf = (row: Delivery): Omit<TriggerView, 'verdicts'> => ({
  id: row.id,
  source: row.source,
  status: row.status,
  sentence: row.sentence,
  event: row.event,
  actor: row.actor,
  replayOf: row.replay_of,
  receivedAt: row.received_at.toISOString(),
  judgedAt: row.judged_at?.toISOString() ?? null,
})

export const triggerViewOf = (row: TriggerViewRow): TriggerView => ({
  ...deliveryViewOf(row),
  verdicts: row.verdicts.map(verdictViewOf),
})

const verdictViewOf = (row: VerdictRow): TriggerVerdictView => ({
  projectId: present(row.project_id, 'verdicts are shown by project'),
  kind: row.watcher_kind as WatcherKind,
  id: row.watcher_id,
  started: row.started,
  sentence: row.sentence,
  ...(row.rule !== null && { rule: row.rule as RefusalRule }),
  ...(row.rule_text !== null && { text: row.rule_text }),
  ...(row.file !== null && { file: row.file }),
  ...(row.commit_sha !== null && { commit: row.commit_sha }),
  ...(row.started_kind !== null && { startedKind: row.started_kind as TriggerVerdictView['startedKind'] }),
  ...(row.started_id !== null && { startedId: row.started_id }),
  superseded: row.superseded,
})
