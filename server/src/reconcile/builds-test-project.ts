import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { removeReadOnly } from '../builders/bundle/bundle-store.ts'
import { type BuildRow, findBuild } from '../db/builds.ts'
import { type Db, toJson, transaction } from '../db/db.ts'
import { withTestDb } from '../db/test-db.ts'
import { createSealer } from '../lib/seal.ts'
import { type Life, startLife } from '../lib/test-life.ts'
import { until } from '../lib/test-until.ts'
import { abortBuild } from '../operations/builds/abort.ts'
import { type BuildStart, startBuild } from '../operations/builds/start.ts'
import { startBuildWorker, testLogs, testMasterKey } from './builds-test-world.ts'

export const owner = { projectId: 'shop', ownerKind: 'service', ownerId: 'web' } as const
/** Opens what the worker of the tests seals. */
export const sealer = createSealer(testMasterKey)
export const order: BuildStart = { ...owner, branch: 'main', reuse: true, actor: 'tester' }

/** A project with one service that builds a repository of the test. */
export class World {
  readonly db: Db
  readonly connectionString: string
  readonly folder: string
  constructor(db: Db, connectionString: string, folder: string) {
    this.db = db
    this.connectionString = connectionString
    this.folder = folder
  }

  async commit(files: Record<string, string>): Promise<string> {
    const cwd = join(this.folder, 'repository')
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(cwd, path)), { recursive: true })
      await writeFile(join(cwd, path), text)
    }
    const git = (...args: string[]) =>
      execa('git', ['-c', 'user.name=T', '-c', 'user.email=t@t', ...args], { cwd })
    await git('init', '-q', '-b', 'main')
    await git('add', '.')
    await git('commit', '-q', '-m', 'A change')
    return (await git('rev-parse', 'HEAD')).stdout
  }

  start = (change: Partial<BuildStart> = {}) =>
    transaction(this.db, (tx) => startBuild(tx, { ...order, ...change }, sealer))
  abort = (buildId: string) =>
    transaction(this.db, (tx) => abortBuild(tx, { projectId: 'shop', buildId, actor: 'tester' }))
  build = async (buildId: string): Promise<BuildRow> =>
    (await findBuild(this.db, { projectId: 'shop', buildId })) as BuildRow

  async statuses(buildId: string): Promise<string[]> {
    const rows = await this.db
      .selectFrom('event')
      .select('data')
      .where('topic', '=', 'build')
      .where('subject', '=', `shop/${buildId}`)
      .orderBy('id')
      .execute()
    return rows.map(({ data }) => (data as { status: string }).status)
  }

  concluded = (buildId: string) =>
    until(`build ${buildId}`, async () => {
      const build = await this.build(buildId)
      return ['SUCCESS', 'FAILURE', 'ABORTED', 'CRASHED'].includes(build.status) && build
    })

  async log(buildId: string): Promise<string[]> {
    const lines: string[] = []
    const signal = new AbortController().signal
    const options = { tail: 1e9, follow: false, signal, isConcluded: async () => true }
    for await (const { text } of testLogs(this.folder).read({ projectId: 'shop', buildId }, options))
      lines.push(text)
    return lines
  }

  error = async (id: string) =>
    (await this.db.selectFrom('build').select('error').where('id', '=', id).executeTakeFirstOrThrow())
      .error as {
      code: string
      message: string
      log: string[]
    }

  /** A life of a worker in a process of its own: until it kills itself at the point, or until `end`. With an installation it makes images. */
  live(point = '', installation?: string): Life {
    return startLife('builds-test-world.ts', import.meta.url, [
      this.connectionString,
      this.folder,
      point,
      ...(installation ? [installation] : []),
    ])
  }
}

export async function withWorld(work: (world: World) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fairway-builds-'))
  try {
    await mkdir(join(folder, 'repository'))
    await withTestDb(async (db, { connectionString }) => {
      await db.insertInto('project').values({ id: 'shop', name: 'Shop' }).execute()
      const spec = { vcsData: { projectUrl: join(folder, 'repository'), projectBranch: 'main' } }
      await db
        .insertInto('service')
        .values({ project_id: 'shop', id: 'web', kind: 'combined', name: 'web', spec: toJson(spec) })
        .execute()
      await work(new World(db, connectionString, folder))
    })
  } finally {
    await removeReadOnly(folder)
  }
}

export const withWorker = (work: (world: World) => Promise<void>): Promise<void> =>
  withWorld(async (world) => {
    const worker = await startBuildWorker(world.connectionString, world.folder)
    try {
      await work(world)
    } finally {
      await worker.stop()
    }
  })

export const app = { Procfile: 'web: node server.js', 'server.js': '1' }
