import { type NotificationBody, notificationBody } from '@fairway/contract/resources/notification'
import type { BuildStatus } from '@fairway/contract/states'
import { type Db, toJson, transaction } from '../db/db.ts'
import { withTestDb } from '../db/test-db.ts'
import type { Clock } from '../lib/clock.ts'
import { createSealer } from '../lib/seal.ts'
import { startLife } from '../lib/test-life.ts'
import { until } from '../lib/test-until.ts'
import { startTestReceiver, type TestReceiver } from '../notifiers/test-receiver.ts'
import { advanceBuild } from '../operations/builds/move.ts'
import { startBuild } from '../operations/builds/start.ts'
import { createIntegration } from '../operations/notifications/save.ts'
import { startNotificationWorker, testMasterKey } from './notifications-test-world.ts'

export const sealer = createSealer(testMasterKey)

/** A project with a tagged service, and somebody who is told. */
export class NotificationWorld {
  readonly db: Db
  readonly connectionString: string
  readonly receiver: TestReceiver
  constructor(db: Db, connectionString: string, receiver: TestReceiver) {
    this.db = db
    this.connectionString = connectionString
    this.receiver = receiver
  }

  /** By default of the start and the success of builds. */
  integration = (more: Record<string, unknown> = {}): Promise<unknown> => {
    const body: NotificationBody = notificationBody.parse({
      name: 'Team hook',
      type: 'RAW_WEBHOOK',
      webhook: `${this.receiver.url}/hook?key=planted-key`,
      secret: 'planted-token',
      events: { 'trigger:build:start': true, 'trigger:build:success': true },
      ...more,
    })
    return transaction(this.db, (tx) => createIntegration(tx, { body, actor: 'tester' }, sealer))
  }

  build = async (): Promise<string> => {
    const owner = { projectId: 'shop', ownerKind: 'service', ownerId: 'api' } as const
    const start = { ...owner, branch: 'main', sha: 'c'.repeat(40), reuse: false, actor: 'tester' }
    return (await transaction(this.db, (tx) => startBuild(tx, start, sealer))).buildId
  }

  /** Moves a build through states, each in a transaction of its own, as its worker does. */
  async move(buildId: string, ...states: BuildStatus[]): Promise<void> {
    for (const to of states)
      await transaction(this.db, (tx) => advanceBuild(tx, { projectId: 'shop', buildId }, to))
  }

  deliveries = () => this.db.selectFrom('notification_delivery').selectAll().orderBy('event_id').execute()
  integrations = () => this.db.selectFrom('notification_integration').selectAll().orderBy('id').execute()

  /** The events that arrived, in order of arrival. */
  told = (): unknown[] => this.receiver.received.map(({ body }) => (body as { event: unknown }).event)

  /** Waits until nothing is left to do at once. */
  settled = () =>
    until('all messages', async () => {
      const due = await this.db
        .selectFrom('work_item')
        .select(['key', 'wake_at', 'lease'])
        .where('kind', '=', 'notification')
        .execute()
      return due.every(({ wake_at, lease }) => lease === null && (wake_at === null || +wake_at > Date.now()))
    })

  worker = (clock?: Clock) =>
    startNotificationWorker(this.connectionString, clock === undefined ? {} : { clock })

  /** A life of a worker in a process of its own, until it kills itself. */
  async liveUntil(point: string): Promise<string | null> {
    return await startLife('notifications-test-world.ts', import.meta.url, [this.connectionString, point])
      .over
  }
}

export async function withNotificationWorld(
  work: (world: NotificationWorld) => Promise<void>,
): Promise<void> {
  const receiver = await startTestReceiver()
  try {
    await withTestDb(async (db, { connectionString }) => {
      await db.insertInto('project').values({ id: 'shop', name: 'Shop' }).execute()
      const spec = { vcsData: { projectUrl: 'https://git.example.com/shop.git', projectBranch: 'main' } }
      await db
        .insertInto('service')
        .values({
          project_id: 'shop',
          id: 'api',
          kind: 'combined',
          name: 'Api',
          spec: toJson(spec),
          tags: ['critical', 'public'],
        })
        .execute()
      await work(new NotificationWorld(db, connectionString, receiver))
    })
  } finally {
    await receiver.close()
  }
}
