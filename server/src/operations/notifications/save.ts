import { FairwayError, invalid } from '@fairway/contract/errors'
import { slugOf } from '@fairway/contract/names'
import type {
  NotificationBody,
  NotificationPatch,
  NotificationRestrictions,
} from '@fairway/contract/resources/notification'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import {
  changeIntegration,
  deleteIntegration,
  type IntegrationRow,
  insertIntegration,
  requireIntegration,
} from '../../db/notifications.ts'
import type { Sealer } from '../../lib/seal.ts'
import { openTarget, sealTarget, shownOf } from './target.ts'

type Target = { id: string; actor: string }

const openToAll: NotificationRestrictions = { tags: { enabled: false, items: [], matchCondition: 'or' } }

/** The names of what is told, without the prefix of the API. */
const eventsOn = (events: Record<string, boolean | undefined>): string[] =>
  Object.keys(events)
    .filter((name) => events[name] === true)
    .map((name) => name.slice('trigger:'.length))

/** `name_taken` when there is one of that name. */
export async function createIntegration(
  tx: Tx,
  { body, actor }: { body: NotificationBody; actor: string },
  sealer: Sealer,
): Promise<IntegrationRow> {
  const { name, type, webhook, secret, restricted, projects, restrictions, events } = body
  const id = slugOf(name)
  const isNew = await insertIntegration(tx, {
    id,
    name,
    type,
    target: sealTarget(sealer, { id, type }, { webhook, ...(secret !== undefined && { secret }) }),
    shown: shownOf(type, webhook),
    restricted,
    projects,
    restrictions: { ...openToAll, ...(restrictions?.tags && { tags: restrictions.tags }) },
    events: eventsOn(events),
  })
  if (!isNew)
    throw new FairwayError(
      'name_taken',
      `There is a notification integration "${id}" already. Choose another name.`,
    )
  await recordEvent(tx, event({ id, actor }, 'notification.create'))
  return requireIntegration(tx, id)
}

/** Changes what is given. An empty secret removes it. */
export async function updateIntegration(
  tx: Tx,
  { id, actor }: Target,
  patch: NotificationPatch,
  sealer: Sealer,
): Promise<IntegrationRow> {
  const row = await requireIntegration(tx, id)
  if (patch.secret !== undefined && row.type !== 'RAW_WEBHOOK')
    throw invalid('secret', 'is for RAW_WEBHOOK only')
  const { webhook, secret, name, restricted, projects, restrictions, events } = patch
  const before = openTarget(sealer, row)
  const target = { ...before, ...(webhook && { webhook }), ...(secret !== undefined && { secret }) }
  await changeIntegration(tx, id, {
    ...(name !== undefined && { name }),
    ...(restricted !== undefined && { restricted }),
    ...(projects !== undefined && { projects }),
    target: sealTarget(sealer, row, target),
    shown: shownOf(row.type, target.webhook),
    ...(restrictions?.tags && { restrictions: { tags: restrictions.tags } }),
    ...(events !== undefined && { events: merged(row.events, events) }),
  })
  await recordEvent(tx, event({ id, actor }, 'notification.update'))
  return requireIntegration(tx, id)
}

/** Events that are not named stay as they are. */
const merged = (before: readonly string[], change: Record<string, boolean | undefined>): string[] => [
  ...before.filter((name) => change[`trigger:${name}`] === undefined),
  ...eventsOn(change),
]

export async function removeIntegration(tx: Tx, { id, actor }: Target): Promise<void> {
  await requireIntegration(tx, id)
  await deleteIntegration(tx, id)
  await recordEvent(tx, event({ id, actor }, 'notification.delete'))
}

const event = ({ id, actor }: Target, type: string) => ({ topic: 'audit', subject: id, type, actor }) as const
