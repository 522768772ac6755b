import { createHmac } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { GitEvent } from '@fairway/contract/resources/trigger-event'
import { execa } from 'execa'
import { type Db, toJson, transaction } from '../db/db.ts'
import { withTestDb } from '../db/test-db.ts'
import { insertTriggerEvent } from '../db/trigger-events.ts'
import { newId, schedule } from '../db/work.ts'
import { emptyEvent } from '../hosts/event-parts.ts'
import { gitHosts } from '../hosts/hosts.ts'
import { createSealer } from '../lib/seal.ts'
import { type Life, startLife } from '../lib/test-life.ts'
import { until } from '../lib/test-until.ts'
import { createGitAccount } from '../operations/git-accounts/save.ts'
import { type Delivery, receiveDelivery } from '../operations/triggers/receive.ts'
import { testMasterKey } from './triggers-test-world.ts'

export const sealer = createSealer(testMasterKey)
export const SECRET = 'a secret of the tests'
const ZEROS = '0'.repeat(40)

export type Push = { branch?: string; before?: string | null; after: string; id?: string; secret?: string }

/** A project whose services build a repository of the test, told by webhooks of the host `generic`. */
export class TriggerWorld {
  readonly db: Db
  readonly connectionString: string
  readonly folder: string
  readonly webhookId: string
  constructor(db: Db, connectionString: string, folder: string, webhookId: string) {
    this.db = db
    this.connectionString = connectionString
    this.folder = folder
    this.webhookId = webhookId
  }

  get repository(): string {
    return join(this.folder, 'repository')
  }
  get url(): string {
    return `file://${this.repository}`
  }

  git = async (...args: string[]): Promise<string> =>
    (await execa('git', ['-c', 'user.name=T', '-c', 'user.email=t@t', ...args], { cwd: this.repository }))
      .stdout

  async commit(message: string, files: Record<string, string>): Promise<string> {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(this.repository, path)), { recursive: true })
      await writeFile(join(this.repository, path), text)
    }
    await this.git('add', '-A')
    await this.git('commit', '-q', '--allow-empty', '-m', message)
    return this.git('rev-parse', 'HEAD')
  }

  async service(id: string, configuration: object = {}, more: object = {}): Promise<void> {
    const { branch = 'main', ...row } = more as { branch?: string | null }
    const spec = {
      vcsData: { projectUrl: this.url, ...(branch !== null && { projectBranch: branch }) },
      buildConfiguration: configuration,
    }
    await this.db
      .insertInto('service')
      .values({
        project_id: 'shop',
        id,
        kind: branch === null ? 'build' : 'combined',
        name: id,
        spec: toJson(spec),
        ...row,
      })
      .execute()
  }

  delivery({ branch = 'main', before = null, after, id, secret = SECRET }: Push): Delivery {
    const body = { repository: this.url, ref: `refs/heads/${branch}`, before: before ?? ZEROS, after }
    return this.signed(body, id, secret)
  }

  signed(body: unknown, id?: string, secret = SECRET): Delivery {
    return this.signedText(JSON.stringify(body), id, secret)
  }

  signedText(text: string, id?: string, secret = SECRET): Delivery {
    const rawBody = Buffer.from(text)
    const signature = createHmac('sha256', secret).update(rawBody).digest('hex')
    const headers = { 'x-fairway-signature': `sha256=${signature}`, 'x-fairway-delivery': id }
    return { webhookId: this.webhookId, headers, rawBody }
  }

  /** Stores an event as a host's adapter would make it; answers its id. */
  async tell(change: Partial<GitEvent>): Promise<string> {
    const event = {
      ...emptyEvent('github', 'test'),
      repository: { name: 'shop', urls: [this.url] },
      ...change,
    }
    const id = newId()
    await transaction(this.db, async (tx) => {
      await insertTriggerEvent(tx, { id, source: 'webhook', stream: 'test', status: 'pending', event })
      await schedule(tx, 'trigger_event', id)
    })
    return id
  }

  receive = (delivery: Delivery) => receiveDelivery({ db: this.db, sealer, gitHosts }, delivery)
  push = (push: Push) => this.receive(this.delivery(push))

  /** The verdicts of an event once it is judged, by service. */
  async verdicts(id: string) {
    await until(`event ${id}`, async () => (await this.event(id)).status !== 'pending')
    const rows = await this.db.selectFrom('trigger_verdict').selectAll().where('event_id', '=', id).execute()
    return new Map(rows.map((row) => [row.watcher_id, row]))
  }

  event = (id: string) =>
    this.db.selectFrom('trigger_event').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

  builds = (owner?: string) => {
    const all = this.db.selectFrom('build').selectAll().orderBy('created_at').orderBy('id')
    return (owner === undefined ? all : all.where('owner_id', '=', owner)).execute()
  }

  /** Says that the build of a service succeeded, as its worker would. */
  async succeed(owner: string): Promise<void> {
    await this.db.updateTable('build').set({ status: 'SUCCESS' }).where('owner_id', '=', owner).execute()
  }

  /** A life of a worker in a process of its own: until it kills itself at the point, or until `end`. */
  live(point?: string, pollSeconds = 0): Life {
    return startLife('triggers-test-world.ts', import.meta.url, [
      this.connectionString,
      this.folder,
      String(pollSeconds),
      ...(point === undefined ? [] : [point]),
    ])
  }
}

export async function withTriggerWorld(work: (world: TriggerWorld) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fairway-triggers-'))
  try {
    await mkdir(join(folder, 'repository'))
    await withTestDb(async (db, { connectionString }) => {
      await db.insertInto('project').values({ id: 'shop', name: 'Shop' }).execute()
      const body = {
        name: 'local',
        host: 'generic',
        baseUrl: 'file://',
        auth: { type: 'none' },
        webhookSecret: SECRET,
      } as const
      const { account } = await transaction(db, (tx) =>
        createGitAccount(tx, body, { sealer, actor: 'tester' }),
      )
      const world = new TriggerWorld(db, connectionString, folder, account.webhook_id)
      await world.git('init', '-q', '-b', 'main')
      await work(world)
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
