import { describe, expect, it, test } from 'vitest'
import { transaction } from '../db/db.ts'
import { requireIntegration } from '../db/notifications.ts'
import { until } from '../lib/test-until.ts'
import { updateIntegration } from '../operations/notifications/save.ts'
import { resend, sendTest } from '../operations/notifications/send.ts'
import { notificationCrashPoints, notificationRetryMs } from './notifications.ts'
import { sealer, withNotificationWorld } from './notifications-test-project.ts'
import { PUBLIC_URL } from './notifications-test-world.ts'

describe('what happens', () => {
  it('is told to who asked for it, with the headers and the resources that clients know', () =>
    withNotificationWorld(async (world) => {
      await world.integration()
      const worker = await world.worker()
      const id = await world.build()
      await world.move(id, 'PENDING', 'STARTING', 'CLONING', 'BUILDING')
      await until('the start', async () => world.told().length === 1)
      await world.move(id, 'UPLOADING', 'SUCCESS')
      await until('the end', async () => world.told().length === 2)
      await world.settled()
      await worker.stop()

      expect(world.told()).toEqual(['build:start', 'build:success'])
      const [, end] = world.receiver.received
      expect(end?.body).toMatchObject({
        event: 'build:success',
        data: {
          build: { id, branch: 'main', sha: 'c'.repeat(40), status: 'SUCCESS', concluded: true },
          service: { id: 'api', name: 'Api' },
          project: { id: 'shop', name: 'Shop' },
        },
      })
      const deliveries = await world.deliveries()
      expect(end?.headers).toMatchObject({
        'x-northflank-notification-integration-id': 'team-hook',
        'x-northflank-notification-integration-name': 'Team hook',
        'x-northflank-notification-integration-token': 'planted-token',
        'x-northflank-notification-event-type': 'build:success',
        'x-northflank-notification-event-id': deliveries[1]?.id,
      })
      expect(deliveries).toMatchObject([
        { status: 'sent', attempts: 1, answer: { status: 200, text: 'ok' } },
        { status: 'sent', attempts: 1 },
      ])
    }))

  it.each([
    ['another project', { restricted: true, projects: ['other'] }, 0],
    ['this project', { restricted: true, projects: ['shop', 'other'] }, 1],
    ['one of its tags', { restrictions: { tags: { enabled: true, items: ['public', 'none'] } } }, 1],
    [
      'all of some tags that it has in part',
      { restrictions: { tags: { enabled: true, items: ['public', 'none'], matchCondition: 'and' } } },
      0,
    ],
    [
      'all of its tags',
      { restrictions: { tags: { enabled: true, items: ['public', 'critical'], matchCondition: 'and' } } },
      1,
    ],
    ['something else', { events: { 'trigger:build:failure': true } }, 0],
  ])('to one who asks for %s', (_what, filter, count) =>
    withNotificationWorld(async (world) => {
      await world.integration(filter)
      const worker = await world.worker()
      await world.move(await world.build(), 'PENDING', 'STARTING')
      await world.settled()
      await worker.stop()
      expect(world.told()).toHaveLength(count)
    }),
  )

  it('is told in its order, though many are brought at once', () =>
    withNotificationWorld(async (world) => {
      await world.integration()
      for (let i = 0; i < 5; i += 1)
        await world.move(
          await world.build(),
          'PENDING',
          'STARTING',
          'CLONING',
          'BUILDING',
          'UPLOADING',
          'SUCCESS',
        )
      const worker = await world.worker()
      await until('all', async () => world.told().length === 10)
      await worker.stop()
      const told = world.receiver.received.map(({ headers }) => headers['idempotency-key'])
      expect(told).toEqual((await world.deliveries()).map(({ id }) => id))
    }))

  it('costs no work where nobody wants to know', () =>
    withNotificationWorld(async (world) => {
      await world.integration({ events: { 'trigger:job-run:start': true } })
      await world.move(await world.build(), 'PENDING', 'STARTING')
      const due = await world.db
        .selectFrom('work_item')
        .select('key')
        .where('kind', '=', 'notification')
        .execute()
      expect(due).toEqual([])
    }))

  it('keeps address, key and token out of everything but the request', () =>
    withNotificationWorld(async (world) => {
      await world.integration({ events: { 'trigger:build:start': true } })
      world.receiver.answerWith(500)
      const worker = await world.worker()
      await world.move(await world.build(), 'PENDING', 'STARTING')
      await until('an attempt', async () => (await world.deliveries())[0]?.error != null)
      await worker.stop()
      const events = await world.db.selectFrom('event').selectAll().execute()
      const stored = JSON.stringify([await world.deliveries(), await world.integrations(), events])
      expect(stored).not.toMatch(/planted/)
    }))
})

describe('a receiver that does not take it', () => {
  it('is tried again later, under the same id', () =>
    withNotificationWorld(async (world) => {
      await world.integration()
      world.receiver.answerWith(503)
      const worker = await world.worker()
      await world.move(await world.build(), 'PENDING', 'STARTING')
      await until('an attempt', async () => (await world.deliveries())[0]?.error != null)
      expect(await world.deliveries()).toMatchObject([
        { status: 'pending', attempts: 1, error: 'The receiver answered 503.', answer: { status: 503 } },
      ])
      expect(await world.integrations()).toMatchObject([{ failed_requests: 1, disabled_reason: null }])

      world.receiver.answerWith(200)
      await world.db
        .updateTable('work_item')
        .set({ wake_at: new Date(0) })
        .where('kind', '=', 'notification')
        .execute()
      await transaction(world.db, (tx) => sendTest(tx, { id: 'team-hook', actor: 'tester' }))
      await until('both', async () => (await world.deliveries()).every(({ status }) => status === 'sent'))
      await worker.stop()
      const ids = world.receiver.received.map(({ headers }) => headers['idempotency-key'])
      expect(ids[0]).toBe(ids.find((id, index) => index > 0 && id === ids[0]))
      expect(await world.integrations()).toMatchObject([{ failed_requests: 0, failing_since: null }])
    }))

  it('because it is gone is not tried again, until somebody says so', () =>
    withNotificationWorld(async (world) => {
      await world.integration()
      world.receiver.answerWith(410)
      const worker = await world.worker()
      await world.move(await world.build(), 'PENDING', 'STARTING')
      await until('the end', async () => (await world.deliveries())[0]?.status === 'failed')
      world.receiver.answerWith(200)
      const [delivery] = await world.deliveries()
      await transaction(world.db, (tx) => resend(tx, { integrationId: 'team-hook', id: delivery?.id ?? '' }))
      await until('it', async () => (await world.deliveries())[0]?.status === 'sent')
      await worker.stop()
      expect(world.told()).toEqual(['build:start', 'build:start'])
    }))

  it('for a day is switched off, and on again by any change', () =>
    withNotificationWorld(async (world) => {
      await world.integration()
      world.receiver.answerWith(500)
      const long = { failing_since: new Date(Date.now() - 25 * 3_600_000), failed_requests: 9 }
      await world.db.updateTable('notification_integration').set(long).execute()
      const worker = await world.worker()
      await world.move(await world.build(), 'PENDING', 'STARTING')
      await until('the end', async () => (await world.integrations())[0]?.disabled_reason != null)
      await worker.stop()
      await world.move(await world.build(), 'PENDING', 'STARTING')
      expect(await world.deliveries()).toHaveLength(1)
      const target = { id: 'team-hook', actor: 'tester' }
      await transaction(world.db, (tx) => updateIntegration(tx, target, { projects: [] }, sealer))
      expect(await requireIntegration(world.db, 'team-hook')).toMatchObject({
        disabled_reason: null,
        failed_requests: 0,
      })
    }))

  it('is waited for longer and longer, at most half an hour', () => {
    expect([1, 2, 3].map(notificationRetryMs)).toEqual([5_000, 10_000, 20_000])
    expect(notificationRetryMs(12)).toBe(1_800_000)
  })
})

test.each(notificationCrashPoints)('killed at %s, it is told all the same, under one id', (point) =>
  withNotificationWorld(async (world) => {
    await world.integration()
    await world.move(await world.build(), 'PENDING', 'STARTING')
    expect(await world.liveUntil(point)).toBe('SIGKILL')
    const worker = await world.worker()
    await until('it', async () => (await world.deliveries())[0]?.status === 'sent')
    await world.settled()
    await worker.stop()
    const ids = world.receiver.received.map(({ headers }) => headers['idempotency-key'])
    expect(new Set(ids)).toEqual(new Set([(await world.deliveries())[0]?.id]))
    expect(await world.deliveries()).toHaveLength(1)
    const twice = point === 'notification.after-call'
    expect(ids).toHaveLength(twice ? 2 : 1)
  }),
)

test('people read one line, and a link to the page about it', () =>
  withNotificationWorld(async (world) => {
    await world.integration({ type: 'SLACK', secret: undefined })
    const worker = await world.worker()
    const id = await world.build()
    await world.move(id, 'PENDING', 'STARTING')
    await until('it', async () => world.receiver.received.length === 1)
    await worker.stop()
    expect(world.receiver.received[0]?.body).toMatchObject({
      text: `Build ${id} of Api (main) in project Shop started.`,
      blocks: [
        { text: { text: expect.stringContaining(`<${PUBLIC_URL}/projects/shop/services/api|Open>`) } },
      ],
    })
  }))
