import type { GitReporting } from '@fairway/contract/resources/git-account'
import type { GitEvent } from '@fairway/contract/resources/trigger-event'
import type { BuildStatus } from '@fairway/contract/states'
import type { BuildChange } from '../db/builds.ts'
import { type Db, type Tx, toJson, transaction } from '../db/db.ts'
import { reportLater } from '../db/host-reports.ts'
import { insertRun } from '../db/release-runs.ts'
import { withTestDb } from '../db/test-db.ts'
import { insertTriggerEvent, insertVerdicts, moveTriggerEvent } from '../db/trigger-events.ts'
import { newId } from '../db/work.ts'
import { emptyEvent } from '../hosts/event-parts.ts'
import { startTestHost, type TestHost } from '../hosts/test-host.ts'
import { createSealer } from '../lib/seal.ts'
import { startLife } from '../lib/test-life.ts'
import { until } from '../lib/test-until.ts'
import { advanceBuild } from '../operations/builds/move.ts'
import { startBuild } from '../operations/builds/start.ts'
import { createGitAccount } from '../operations/git-accounts/save.ts'
import { startReportWorker, testMasterKey } from './host-reports-test-world.ts'

export const SHA = 'c'.repeat(40)
export const sealer = createSealer(testMasterKey)

/** A project whose service `api` is built from a repository at a host of the test. */
export class ReportWorld {
  readonly db: Db
  readonly connectionString: string
  readonly host: TestHost
  constructor(db: Db, connectionString: string, host: TestHost) {
    this.db = db
    this.connectionString = connectionString
    this.host = host
  }

  account = (reporting?: Partial<GitReporting>) =>
    transaction(this.db, (tx) =>
      createGitAccount(
        tx,
        {
          name: 'hub',
          host: 'github',
          baseUrl: this.host.url,
          auth: { type: 'token', token: 'the-token' },
          ...(reporting !== undefined && {
            reporting: { statuses: undefined, comments: undefined, ...reporting },
          }),
        },
        { sealer, actor: 'tester' },
      ),
    )

  build = async (more: { pullRequestId?: number; sha?: string } = {}): Promise<string> => {
    const owner = { projectId: 'shop', ownerKind: 'service', ownerId: 'api' } as const
    const start = { ...owner, branch: 'main', sha: SHA, reuse: false, actor: 'tester', ...more }
    return (await transaction(this.db, (tx) => startBuild(tx, start, sealer))).buildId
  }

  /** Moves a build through states, each in a transaction of its own, as its worker does. */
  async move(buildId: string, states: readonly BuildStatus[], change: BuildChange = {}): Promise<void> {
    for (const [index, to] of states.entries())
      await transaction(this.db, (tx) =>
        advanceBuild(tx, { projectId: 'shop', buildId }, to, index === states.length - 1 ? change : {}),
      )
  }

  /** A run of a release flow; an automatic one with the push that started it. */
  async run(trigger: 'automatic' | 'manual'): Promise<string> {
    const id = newId()
    const flow = { projectId: 'shop', pipelineId: 'main', stage: 'Production' } as const
    await transaction(this.db, async (tx) => {
      await tx
        .insertInto('pipeline')
        .values({ project_id: 'shop', id: 'main', name: 'main' })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      await insertRun(tx, flow, {
        id,
        trigger,
        kind: 'release',
        rollback_of: null,
        parent_run_id: null,
        parent_path: null,
        depth: 0,
        name: null,
        description: '',
        document: { spec: { kind: 'Workflow', spec: { type: 'sequential', steps: [] } } } as never,
        flow_version: 1,
        arguments: null,
        argument_names: [],
        overrides: {},
        release_node_overrides: {},
        created_by: null,
        status: 'pending',
      })
      if (trigger === 'automatic') await this.#startedBy(tx, id)
    })
    return id
  }

  async #startedBy(tx: Tx, runId: string): Promise<void> {
    const id = newId()
    const event: GitEvent = {
      ...emptyEvent('github', 'push'),
      kind: 'push',
      repository: { name: 'acme/shop', urls: [`${this.host.url}/acme/shop.git`] },
      branch: 'main',
      after: SHA,
    }
    const number = await insertTriggerEvent(tx, {
      id,
      source: 'webhook',
      stream: 'test',
      status: 'judged',
      event,
    })
    const none = { rule: null, rule_text: null, file: null, commit_sha: null }
    await insertVerdicts(tx, { id, number: number ?? 0 }, [
      {
        ...none,
        project_id: 'shop',
        watcher_kind: 'release-flow',
        watcher_id: 'main/Production',
        started: true,
        sentence: 'Started.',
        started_kind: 'release-run',
        started_id: runId,
        superseded: [],
      },
    ])
  }

  /** A judged event of a pull request that `api` did not build. */
  async refuse(
    event: Partial<GitEvent>,
    { rule, sentence }: { rule: string; sentence: string },
  ): Promise<void> {
    const id = newId()
    await transaction(this.db, async (tx) => {
      const whole = {
        ...emptyEvent('github', 'pull_request'),
        repository: { name: 'acme/shop', urls: [`${this.host.url}/acme/shop.git`] },
        ...event,
      }
      const number = await insertTriggerEvent(tx, {
        id,
        source: 'webhook',
        stream: 'test',
        status: 'pending',
        event: whole,
      })
      const verdict = { project_id: 'shop', watcher_kind: 'service', watcher_id: 'api', started: false }
      const rest = { rule_text: null, file: null, commit_sha: null, started_kind: null, started_id: null }
      await insertVerdicts(tx, { id, number: number ?? 0 }, [
        { ...verdict, ...rest, rule, sentence, superseded: [] },
      ])
      await moveTriggerEvent(tx, id, 'judged', sentence)
      await reportLater(tx, 'trigger', id)
    })
  }

  reports = () => this.db.selectFrom('host_report').selectAll().orderBy('created_at').execute()

  /** Waits until nothing is left to tell. */
  settled = () =>
    until('all reports', async () => {
      const due = await this.db
        .selectFrom('work_item')
        .select('key')
        .where('kind', '=', 'host_report')
        .where((where) => where.or([where('wake_at', 'is not', null), where('lease', 'is not', null)]))
        .execute()
      return due.length === 0
    })

  /** The states that the host was told of a commit, the newest last. */
  told = (sha = SHA): unknown[] => (this.host.statuses.get(sha) ?? []).map(({ state }) => state)

  worker = () => startReportWorker(this.connectionString)

  /** A life of a worker in a process of its own, until it kills itself. */
  async liveUntil(point: string): Promise<string | null> {
    return await startLife('host-reports-test-world.ts', import.meta.url, [this.connectionString, point]).over
  }
}

export async function withReportWorld(work: (world: ReportWorld) => Promise<void>): Promise<void> {
  const host = await startTestHost()
  try {
    await withTestDb(async (db, { connectionString }) => {
      await db.insertInto('project').values({ id: 'shop', name: 'Shop' }).execute()
      const spec = { vcsData: { projectUrl: `${host.url}/acme/shop.git`, projectBranch: 'main' } }
      await db
        .insertInto('service')
        .values({ project_id: 'shop', id: 'api', kind: 'combined', name: 'api', spec: toJson(spec) })
        .execute()
      await work(new ReportWorld(db, connectionString, host))
    })
  } finally {
    await host.close()
  }
}
