import { expect, test } from 'vitest'
import { gitopsCrashPoints } from './gitops.ts'
import { documentOf, type GitopsWorld, json, withGitopsWorld } from './gitops-test-project.ts'

const PULLING = ['gitops.after-look', 'gitops.before-pull-commit', 'gitops.after-pull']
const PUSHING = gitopsCrashPoints.filter((point) => !PULLING.includes(point) || point === 'gitops.after-look')

async function killedAt(world: GitopsWorld, point: string): Promise<void> {
  expect(await world.liveUntil(point)).toBe('SIGKILL')
  const worker = await world.worker()
  try {
    await world.reaches('in-sync', ({ base_version }) => base_version === 2)
    await world.idle()
  } finally {
    await worker.stop()
  }
}

async function inSync(world: GitopsWorld): Promise<void> {
  await world.save(documentOf(1, { gitops: world.settings() }))
  const worker = await world.worker()
  await world.reaches('in-sync')
  await worker.stop()
}

test.each(PUSHING)('killed at %s, a save becomes exactly one commit, and one version names it', (point) =>
  withGitopsWorld(async (world) => {
    await inSync(world)
    await world.save(documentOf(2))
    await killedAt(world, point)
    expect(await world.history()).toEqual([
      'Bob: Update release flow shop/Production (version 2)',
      'Bob: Update release flow shop/Production (version 1)',
      'Gil: First',
    ])
    const versions = await world.versions()
    expect(versions).toHaveLength(2)
    await world.git('fetch', '-q')
    expect(versions[1]?.commit_sha).toBe(await world.git('rev-parse', 'origin/main'))
  }),
)

test.each(PULLING)('killed at %s, a push becomes exactly one version and one entry of the ledger', (point) =>
  withGitopsWorld(async (world) => {
    await inSync(world)
    await world.push({ 'flow.json': json(documentOf(5)) })
    await killedAt(world, point)
    expect(await world.versions()).toMatchObject([{ version: 1 }, { version: 2, document: documentOf(5) }])
    expect(await world.history()).toHaveLength(3)
    const entries = await world.db
      .selectFrom('trigger_verdict')
      .selectAll()
      .where('started_kind', '=', 'flow-version')
      .execute()
    expect(entries).toHaveLength(1)
  }),
)

test('killed after a push, with a further save before anybody looks: both commits, no conflict', () =>
  withGitopsWorld(async (world) => {
    await inSync(world)
    await world.save(documentOf(2))
    expect(await world.liveUntil('gitops.after-push')).toBe('SIGKILL')
    await world.save(documentOf(3), 'Eve')
    const worker = await world.worker()
    try {
      await world.reaches('in-sync', ({ base_version }) => base_version === 3)
    } finally {
      await worker.stop()
    }
    expect((await world.history()).slice(0, 2)).toEqual([
      'Eve: Update release flow shop/Production (version 3)',
      'Bob: Update release flow shop/Production (version 2)',
    ])
  }))
