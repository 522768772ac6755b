import { z } from 'zod'
import { resourceId } from '../names.ts'
import {
  deliveryView,
  notificationBody,
  notificationPatch,
  notificationView,
} from '../resources/notification.ts'
import { route } from '../route.ts'

const tag = 'Notifications'
const base = '/integrations/notifications'
const params = z.object({ notificationId: resourceId })
const path = `${base}/{notificationId}`

export const listNotifications = route({
  id: 'listNotifications',
  method: 'GET',
  path: base,
  summary: 'List who is told what happens',
  tag,
  permission: 'read',
  reply: z.object({ integrations: z.array(notificationView) }),
  paginated: true,
})

export const createNotification = route({
  id: 'createNotification',
  method: 'POST',
  path: base,
  summary: 'Tell a webhook, Slack, Discord or Teams what happens; address and secret are sealed',
  tag,
  permission: 'admin',
  body: notificationBody,
  reply: notificationView,
})

export const getNotification = route({
  id: 'getNotification',
  method: 'GET',
  path,
  summary: 'Who is told, of what, and how the last requests went',
  tag,
  permission: 'read',
  params,
  reply: notificationView,
})

export const updateNotification = route({
  id: 'updateNotification',
  method: 'POST',
  path,
  summary: 'Change it; absent parts stay, and one that was switched off for its failures is on again',
  tag,
  permission: 'admin',
  params,
  body: notificationPatch,
  reply: notificationView,
})

export const deleteNotification = route({
  id: 'deleteNotification',
  method: 'DELETE',
  path,
  summary: 'Forget it and what it was told',
  tag,
  permission: 'admin',
  params,
  reply: z.object({}),
})

export const testNotification = route({
  id: 'testNotification',
  method: 'POST',
  path: `${path}/test`,
  summary: 'Send it a message that says that it works',
  tag,
  permission: 'admin',
  params,
  reply: deliveryView,
})

export const listNotificationDeliveries = route({
  id: 'listNotificationDeliveries',
  method: 'GET',
  path: `${path}/deliveries`,
  summary: 'What it was told, newest first, with the answers',
  tag,
  permission: 'read',
  params,
  query: z.object({ status: z.enum(['pending', 'sent', 'failed']).optional() }),
  reply: z.object({ deliveries: z.array(deliveryView) }),
  paginated: true,
})

export const resendNotificationDelivery = route({
  id: 'resendNotificationDelivery',
  method: 'POST',
  path: `${path}/deliveries/{deliveryId}/resend`,
  summary: 'Send it again, under the same id',
  tag,
  permission: 'admin',
  params: z.object({ notificationId: resourceId, deliveryId: z.uuid() }),
  reply: deliveryView,
})
