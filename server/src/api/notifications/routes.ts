import { notificationEvents } from '@fairway/contract/notification-events'
import type { deliveryView, notificationView } from '@fairway/contract/resources/notification'
import * as contract from '@fairway/contract/routes/notifications'
import type { z } from 'zod'
import { transaction } from '../../db/db.ts'
import { type DeliveryRow, listDeliveries } from '../../db/notification-deliveries.ts'
import { type IntegrationRow, listIntegrations, requireIntegration } from '../../db/notifications.ts'
import type { Sealer } from '../../lib/seal.ts'
import {
  createIntegration,
  removeIntegration,
  updateIntegration,
} from '../../operations/notifications/save.ts'
import { resend, sendTest } from '../../operations/notifications/send.ts'
import { openTarget } from '../../operations/notifications/target.ts'
import { pageOf } from '../page.ts'
import { defineRoute, type Route } from '../route.ts'

const when = (date: Date | null): string | null => date?.toISOString() ?? null

const viewOf = (row: IntegrationRow, sealer: Sealer): z.input<typeof notificationView> => ({
  id: row.id,
  name: row.name,
  type: row.type,
  webhook: row.shown,
  hasSecret: (openTarget(sealer, row).secret ?? '') !== '',
  restricted: row.restricted,
  projects: row.projects,
  restrictions: row.restrictions,
  events: Object.fromEntries(
    notificationEvents.map((name) => [`trigger:${name}`, row.events.includes(name)]),
  ),
  status: {
    disabled: row.disabled_reason !== null,
    reason: row.disabled_reason,
    timeOfFirstFailedRequest: when(row.failing_since),
    numberOfFailedRequests: row.failed_requests,
  },
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
})

const deliveryOf = (row: DeliveryRow): z.input<typeof deliveryView> => ({
  id: row.id,
  event: row.event,
  projectId: row.project_id,
  data: row.data,
  status: row.status,
  attempts: row.attempts,
  answer: row.answer,
  error: row.error,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
  sentAt: when(row.sent_at),
})

export const notificationRoutes: readonly Route[] = [
  defineRoute(contract.listNotifications, async ({ page }, { db, sealer }) =>
    pageOf(await listIntegrations(db, page), page, (rows) => ({
      integrations: rows.map((row) => viewOf(row, sealer)),
    })),
  ),
  defineRoute(contract.createNotification, async ({ body, actor }, { db, sealer }) =>
    viewOf(await transaction(db, (tx) => createIntegration(tx, { body, actor: actor.id }, sealer)), sealer),
  ),
  defineRoute(contract.getNotification, async ({ params }, { db, sealer }) =>
    viewOf(await requireIntegration(db, params.notificationId), sealer),
  ),
  defineRoute(contract.updateNotification, async ({ params, body, actor }, { db, sealer }) => {
    const target = { id: params.notificationId, actor: actor.id }
    return viewOf(await transaction(db, (tx) => updateIntegration(tx, target, body, sealer)), sealer)
  }),
  defineRoute(contract.deleteNotification, async ({ params, actor }, { db }) => {
    await transaction(db, (tx) => removeIntegration(tx, { id: params.notificationId, actor: actor.id }))
    return {}
  }),
  defineRoute(contract.testNotification, async ({ params, actor }, { db }) =>
    deliveryOf(await transaction(db, (tx) => sendTest(tx, { id: params.notificationId, actor: actor.id }))),
  ),
  defineRoute(contract.listNotificationDeliveries, async ({ params, query, page }, { db }) => {
    const { id } = await requireIntegration(db, params.notificationId)
    const rows = await listDeliveries(db, { integrationId: id, status: query.status }, page)
    return pageOf(rows, page, (some) => ({ deliveries: some.map(deliveryOf) }))
  }),
  defineRoute(contract.resendNotificationDelivery, async ({ params }, { db }) => {
    const target = { integrationId: params.notificationId, id: params.deliveryId }
    return deliveryOf(await transaction(db, (tx) => resend(tx, target)))
  }),
]
