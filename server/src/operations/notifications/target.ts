import type { NotificationType } from '@fairway/contract/resources/notification'
import type { IntegrationRow } from '../../db/notifications.ts'
import { openJson, type Sealer, sealJson } from '../../lib/seal.ts'

/** Where messages go, in the clear. */
export type NotificationTarget = { webhook: string; secret?: string }

const contextOf = (id: string): string => `notification/${id}`

export function sealTarget(
  sealer: Sealer,
  { id, type }: Pick<IntegrationRow, 'id' | 'type'>,
  target: NotificationTarget,
): Buffer {
  announce(sealer, type, target)
  return sealJson(sealer, target, contextOf(id))
}

/** Announces what is secret of it to the masker. */
export function openTarget(
  sealer: Sealer,
  { id, type, target }: Pick<IntegrationRow, 'id' | 'type' | 'target'>,
): NotificationTarget {
  const open = openJson<NotificationTarget>(sealer, target, contextOf(id))
  announce(sealer, type, open)
  return open
}

function announce(sealer: Sealer, type: NotificationType, { webhook, secret }: NotificationTarget): void {
  if (secret !== undefined && secret !== '') sealer.announce(secret)
  const { pathname, search } = new URL(webhook)
  const hidden = type === 'RAW_WEBHOOK' ? search : `${pathname}${search}`
  if (hidden.length > 1) sealer.announce(hidden)
}

/** As much of an address as may be shown: of a chat its path is a secret, of any its user, password and query. */
export function shownOf(type: NotificationType, webhook: string): string {
  const { origin, pathname, search } = new URL(webhook)
  if (type !== 'RAW_WEBHOOK') return `${origin}/…`
  return `${origin}${pathname}${search === '' ? '' : '?…'}`
}
