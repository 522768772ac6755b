import { createHmac } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GitopsSide, GitopsState } from '@fairway/contract/resources/gitops'
import { execa } from 'execa'
import { type Db, transaction } from '../db/db.ts'
import { findGitopsLinkOfFlow, type GitopsLinkRow } from '../db/gitops-links.ts'
import type { FlowKey } from '../db/release-flows.ts'
import { withTestDb } from '../db/test-db.ts'
import { flowRules } from '../flows/rules.ts'
import { gitHosts } from '../hosts/hosts.ts'
import { createSealer } from '../lib/seal.ts'
import { startLife } from '../lib/test-life.ts'
import { until } from '../lib/test-until.ts'
import { saveReleaseFlow } from '../operations/flows/save.ts'
import { createGitAccount } from '../operations/git-accounts/save.ts'
import { resolveConflict } from '../operations/gitops/resolve.ts'
import { receiveDelivery } from '../operations/triggers/receive.ts'
import { startGitopsWorker, testMasterKey } from './gitops-test-world.ts'

const sealer = createSealer(testMasterKey)
const SECRET = 'a secret of the tests'
export const key: FlowKey = { projectId: 'shop', pipelineId: 'shop', stage: 'Production' }

export const documentOf = (amount: number, more: object = {}) => ({
  apiVersion: 'v1.2',
  arguments: { WHO: 'ann' },
  spec: {
    kind: 'Workflow',
    spec: { type: 'sequential', steps: [{ kind: 'Approval', ref: 'go', spec: { amount } }] },
  },
  ...more,
})

export const json = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`

/** A flow in a real database, a bare repository, and somebody's clone of it. */
export class GitopsWorld {
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

  get bare(): string {
    return join(this.folder, 'shop.git')
  }
  get url(): string {
    return `file://${this.bare}`
  }
  settings = (filePath = '/flow.json') => ({ repoUrl: this.url, branch: 'main', filePath })

  git = async (...args: string[]): Promise<string> =>
    (
      await execa('git', ['-c', 'user.name=Gil', '-c', 'user.email=g@g', ...args], {
        cwd: join(this.folder, 'clone'),
        stripFinalNewline: false,
      })
    ).stdout.trimEnd()

  /** Commits files (null: without them) on top of the branch and pushes; tells nobody. */
  async commit(files: Record<string, string | null>): Promise<{ before: string; after: string }> {
    await this.git('pull', '-q', '--rebase', 'origin', 'main')
    const before = await this.git('rev-parse', 'HEAD')
    for (const [path, text] of Object.entries(files)) {
      const file = join(this.folder, 'clone', path)
      await (text === null ? rm(file) : writeFile(file, text))
    }
    await this.git('add', '-A')
    await this.git('commit', '-q', '--allow-empty', '-m', 'Change files')
    await this.git('push', '-q', 'origin', 'HEAD:main')
    return { before, after: await this.git('rev-parse', 'HEAD') }
  }

  /** The same, told by a signed webhook. */
  async push(files: Record<string, string | null>): Promise<string> {
    return this.deliver(await this.commit(files))
  }

  async deliver({ before, after }: { before: string; after: string }): Promise<string> {
    const rawBody = Buffer.from(
      JSON.stringify({ repository: this.url, ref: 'refs/heads/main', before, after }),
    )
    const signature = createHmac('sha256', SECRET).update(rawBody).digest('hex')
    const headers = { 'x-fairway-signature': `sha256=${signature}` }
    const delivery = { webhookId: this.webhookId, headers, rawBody }
    return (await receiveDelivery({ db: this.db, sealer, gitHosts }, delivery)).id
  }

  save = (document: object, actor = 'Bob', of: FlowKey = key) =>
    transaction(this.db, (tx) =>
      saveReleaseFlow(tx, { ...of, actor }, document, { rules: flowRules, sealer }),
    )

  resolve = (take: GitopsSide, commit?: string) =>
    transaction(this.db, (tx) => resolveConflict(tx, { key, take, commit, actor: 'Bob' }))

  link = async (of: FlowKey = key): Promise<GitopsLinkRow> => {
    const link = await findGitopsLinkOfFlow(this.db, of)
    if (link === undefined) throw new Error('there is no link')
    return link
  }

  flow = () => this.db.selectFrom('release_flow').selectAll().executeTakeFirstOrThrow()
  versions = () => this.db.selectFrom('release_flow_version').selectAll().orderBy('version').execute()

  /** What the branch holds at a path. */
  fileInGit = (path = 'flow.json') =>
    execa('git', ['-C', this.bare, 'show', `main:${path}`], { stripFinalNewline: false }).then(
      ({ stdout }) => stdout,
    )
  /** Author and subject of every commit, newest first. */
  history = async () =>
    (await execa('git', ['-C', this.bare, 'log', '--format=%an: %s', 'main'])).stdout.split('\n')

  /** Waits until the link is in a state with this tip of the branch looked at. */
  async reaches(
    state: GitopsState,
    also: (link: GitopsLinkRow) => boolean = () => true,
  ): Promise<GitopsLinkRow> {
    let link: GitopsLinkRow | undefined
    await until(`the link to be ${state}`, async () => {
      link = await this.link()
      return link.state === state && also(link)
    })
    return link as GitopsLinkRow
  }

  async idle(): Promise<void> {
    await until('nothing to be due', async () => {
      const due = await this.db
        .selectFrom('work_item')
        .select('key')
        .where('kind', 'in', ['gitops', 'trigger_event'])
        .where((eb) => eb.or([eb('lease', 'is not', null), eb('wake_at', '<=', eb.fn<Date>('now'))]))
        .execute()
      return due.length === 0
    })
  }

  worker = (options?: Parameters<typeof startGitopsWorker>[2]) =>
    startGitopsWorker(this.connectionString, this.folder, options)

  /** A life of a worker in a process of its own, until it kills itself at the point. */
  async liveUntil(point: string): Promise<string | null> {
    return await startLife('gitops-test-world.ts', import.meta.url, [
      this.connectionString,
      this.folder,
      point,
    ]).over
  }
}

export async function withGitopsWorld(work: (world: GitopsWorld) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fairway-gitops-'))
  try {
    await withTestDb(async (db, { connectionString }) => {
      await db.insertInto('project').values({ id: 'shop', name: 'shop' }).execute()
      await db.insertInto('pipeline').values({ project_id: 'shop', id: 'shop', name: 'shop' }).execute()
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
      const world = new GitopsWorld(db, connectionString, folder, account.webhook_id)
      await execa('git', ['init', '-q', '--bare', '-b', 'main', world.bare])
      await execa('git', ['clone', '-q', world.bare, join(folder, 'clone')], { stderr: 'ignore' })
      await world.git('checkout', '-q', '-b', 'main')
      await world.git('commit', '-q', '--allow-empty', '-m', 'First')
      await world.git('push', '-q', '-u', 'origin', 'main')
      await work(world)
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The same with a worker that runs. */
export const withWorker = (work: (world: GitopsWorld) => Promise<void>, options?: { pollSeconds: number }) =>
  withGitopsWorld(async (world) => {
    const worker = await world.worker(options)
    try {
      await work(world)
    } finally {
      await worker.stop()
    }
  })

/** A flow and a file that hold the same: version 1. */
export async function linked(world: GitopsWorld, path = '/flow.json'): Promise<void> {
  await world.save(documentOf(1, { gitops: world.settings(path) }))
  await world.reaches('in-sync')
  await world.idle()
}
