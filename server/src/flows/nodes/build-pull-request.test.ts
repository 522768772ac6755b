import type { FlowNode } from '@fairway/contract/nodes/kinds'
import type { GitEvent } from '@fairway/contract/resources/trigger-event'
import { expect, test } from 'vitest'
import { type Db, transaction } from '../../db/db.ts'
import { insertTriggerEvent } from '../../db/trigger-events.ts'
import { newId } from '../../db/work.ts'
import { sequential, until, type World, withEngine } from '../test-world.ts'

const HEAD = 'd'.repeat(40)

const build: FlowNode = {
  kind: 'Build',
  ref: 'build',
  spec: { id: 'builder', type: 'service', pullRequestId: 7 },
} as FlowNode

async function repositoryOf(db: Db): Promise<string> {
  const { spec } = await db
    .selectFrom('service')
    .select('spec')
    .where('id', '=', 'builder')
    .executeTakeFirstOrThrow()
  return (spec as { vcsData: { projectUrl: string } }).vcsData.projectUrl
}

/** What a git host said of the pull request. */
async function hostSays({ db }: World, pullRequest: object = {}): Promise<void> {
  const event = {
    host: 'github',
    kind: 'pull_request',
    name: 'pull_request',
    repository: { name: 'shop', urls: [await repositoryOf(db)] },
    branch: 'more-speed',
    before: null,
    after: HEAD,
    commits: [],
    commitsComplete: true,
    headCommit: null,
    pullRequest: {
      id: 7,
      action: 'opened',
      draft: false,
      fromFork: false,
      base: { branch: 'main', sha: null },
      ...pullRequest,
    },
    sender: 'ann',
    forced: false,
  } as GitEvent
  await transaction(db, (tx) =>
    insertTriggerEvent(tx, { id: newId(), source: 'webhook', stream: 'shop', status: 'judged', event }),
  )
}

const builds = (db: Db) =>
  db
    .selectFrom('build')
    .select(['branch', 'sha', 'pull_request_id'])
    .where('owner_id', '=', 'builder')
    .execute()

test('Build with a pull request builds the head that the host told of last', () =>
  withEngine(async (world) => {
    await hostSays(world)
    await world.save(sequential(build))
    const before = (await builds(world.db)).length
    const id = await world.start()
    await world.reaches(id, 'success')
    const after = await until(
      () => builds(world.db),
      (all) => all.length === before + 1,
    )
    expect(after).toContainEqual({ branch: 'more-speed', sha: HEAD, pull_request_id: 7 })
  }))

test.each([
  ['is unknown', undefined, 'Nothing is known of pull request 7'],
  ['is closed', { action: 'closed' }, 'Pull request 7 is closed'],
  ['comes from a fork', { fromFork: true }, 'Pull requests from forks are not built'],
])('Build with a pull request that %s fails, says so, and builds nothing', (_, said, why) =>
  withEngine(async (world) => {
    if (said !== undefined) await hostSays(world, said)
    await world.save(sequential(build))
    const before = await builds(world.db)
    const id = await world.start()
    const run = await world.reaches(id, 'failure')
    expect(run.message).toContain(why)
    expect(await builds(world.db)).toEqual(before)
  }),
)
