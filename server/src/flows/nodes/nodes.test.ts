import { FairwayError } from '@fairway/contract/errors'
import type { FlowNode } from '@fairway/contract/nodes/kinds'
import { describe, expect, test } from 'vitest'
import { type Db, toJson, transaction } from '../../db/db.ts'
import { wakeRunsWaitingFor } from '../../db/waiters.ts'
import { abortRun } from '../../operations/runs/abort.ts'
import { keyOfStage, message, sequential, startEngine, until, withEngine, withWorld } from '../test-world.ts'
import { rejectionOf } from './build-rules.ts'
import { splitWords } from './split-words.ts'

const SHA = 'c'.repeat(40)

const build = (spec: object = {}, condition: 'success' | undefined = 'success'): FlowNode =>
  ({
    kind: 'Build',
    ref: 'build',
    ...(condition && { condition }),
    spec: { id: 'builder', type: 'service', branch: 'main', ...spec },
  }) as FlowNode

const newest = async (db: Db) =>
  db.selectFrom('build').select(['id', 'sha', 'status', 'branch']).orderBy('created_at', 'desc').execute()

/** What the build's worker writes when it is done. */
async function endBuild(db: Db, status: 'SUCCESS' | 'FAILURE', error: object | null = null): Promise<void> {
  await transaction(db, async (tx) => {
    const { id } = await tx
      .updateTable('build')
      .set({ status, error: toJson(error), concluded_at: new Date() })
      .where('status', '=', 'QUEUED')
      .returning('id')
      .executeTakeFirstOrThrow()
    await wakeRunsWaitingFor(tx, 'build', `shop/${id}`)
  })
}

const tip = { resolveCommit: async () => ({ sha: SHA, message: 'Fix it [skip ci]' }) }

describe('Build', () => {
  test('builds the newest commit of the branch, waits at most moments longer than the build, and answers it', () =>
    withEngine(
      async (world) => {
        await world.save(sequential(build(), message(world.hooks.url, '${refs.build.sha}')))
        const id = await world.start()
        await until(
          () => newest(world.db),
          (builds) => builds.length === 1,
        )
        await world.step(id, '0.0', 'async_wait')
        const before = performance.now()
        await endBuild(world.db, 'SUCCESS')
        await world.reaches(id, 'success')
        expect(performance.now() - before).toBeLessThan(1000)
        expect(world.hooks.received).toEqual([SHA])
      },
      { deps: tip },
    ))

  test('fails with the error of the build', () =>
    withEngine(
      async (world) => {
        await world.save(sequential(build()))
        const id = await world.start()
        await until(
          () => newest(world.db),
          (builds) => builds.length === 1,
        )
        await endBuild(world.db, 'FAILURE', { code: 'build_failed', message: 'npm ci exited with 1.' })
        expect((await world.reaches(id, 'failure')).message).toMatch(/npm ci exited with 1/)
      },
      { deps: tip },
    ))

  test('skips, fails or falls back when its rules reject the commit', () =>
    withEngine(
      async (world) => {
        const buildRules = { ciIgnoreFlagsEnabled: true }
        await world.save(sequential({ ...build({ buildRules, buildRuleFallThroughHandling: 'skip' }) }))
        const id = await world.start()
        await world.reaches(id, 'success')
        expect((await world.nodes(id))['0.0']!.status).toBe('skipped')

        await world.save(sequential(build({ buildRules })))
        const failing = await world.start()
        expect((await world.reaches(failing, 'failure')).message).toMatch(/holds "\[skip ci\]"/)
      },
      { deps: tip },
    ))

  test('an unknown branch is a definite no', () =>
    withEngine(
      async (world) => {
        await world.save(sequential(build()))
        const id = await world.start()
        expect((await world.reaches(id, 'failure')).message).toMatch(/no branch/)
        expect((await world.nodes(id))['0.0']!.attempt).toBe(1)
      },
      {
        deps: {
          resolveCommit: async () => {
            throw new FairwayError('commit_not_found', 'There is no branch "main".')
          },
        },
      },
    ))

  test('an abort asks the build to stop, and waits until it has', () =>
    withEngine(
      async (world) => {
        await world.save(sequential(build()))
        const id = await world.start()
        await world.step(id, '0.0', 'async_wait')
        await until(
          () => newest(world.db),
          (builds) => builds.length === 1,
        )
        const key = { ...keyOfStage('Production'), runId: id }
        await transaction(world.db, (tx) => abortRun(tx, key, { actor: 'ann', at: new Date() }))
        await world.reaches(id, 'aborted')
        expect(await newest(world.db)).toMatchObject([{ status: 'ABORTED' }])
      },
      { deps: tip },
    ))
})

describe('AddonBackup', () => {
  const backup: FlowNode = {
    kind: 'AddonBackup',
    ref: 'backup',
    condition: 'success',
    spec: { addonId: 'db' },
  }

  test('waits for the backup it asked for; the run notes that it took it', () =>
    withEngine(async (world) => {
      await world.save(sequential(backup))
      const id = await world.start()
      await world.step(id, '0.0', 'async_wait')
      const { id: backupId } = await transaction(world.db, async (tx) => {
        const row = await tx
          .updateTable('backup')
          .set({ status: 'completed' })
          .returning(['id', 'type', 'trigger'])
          .executeTakeFirstOrThrow()
        expect(row).toMatchObject({ type: 'snapshot', trigger: 'release-flow' })
        await wakeRunsWaitingFor(tx, 'backup', row.id)
        return row
      })
      const run = await world.reaches(id, 'success')
      expect((await world.nodes(id))['0.0']!.response).toMatchObject({ id: backupId, addonId: 'db' })
      expect(run.stage_after).toMatchObject({ backups: [{ id: backupId, addonId: 'db' }] })
    }))

  test('goes on without waiting when it has no condition', () =>
    withEngine(async (world) => {
      const { condition: _, ...started } = backup
      await world.save(sequential(started as FlowNode))
      await world.reaches(await world.start(), 'success')
      expect(await world.db.selectFrom('backup').select('status').execute()).toEqual([
        { status: 'scheduled' },
      ])
    }))
})

describe('Action execute', () => {
  const execute = (command: string): FlowNode => ({
    kind: 'Action',
    ref: 'exec',
    spec: { kind: 'Service', spec: { type: 'execute', data: { serviceId: 'web', command } } },
  })

  const insertInstance = (db: Db) =>
    db
      .insertInto('instance')
      .values({
        id: 'i1',
        project_id: 'shop',
        service_id: 'web',
        revision_id: '00000000-0000-4000-8000-000000000000',
        state: 'running',
        ready: true,
        attempt: 2,
      })
      .execute()

  test('runs the words of the command in a running instance and answers its exit code', () => {
    const calls: unknown[] = []
    const exec = async (runtimeId: string, { command }: { command: readonly string[] }) => {
      calls.push([runtimeId, ...command])
      return { exitCode: 0, output: 'migrated\u0000' }
    }
    return withEngine(
      async (world) => {
        await insertInstance(world.db)
        await world.save(sequential(execute('sh -c "a && b"')))
        const id = await world.start()
        await world.reaches(id, 'success')
        expect(calls).toEqual([['i1.2', 'sh', '-c', 'a && b']])
        expect((await world.nodes(id))['0.0']!.response).toEqual({
          id: 'i1.2',
          exitCode: 0,
          output: 'migrated',
        })
      },
      { deps: { exec } },
    )
  })

  test('an exit code other than 0 is a definite failure that shows the last output', () =>
    withEngine(
      async (world) => {
        await insertInstance(world.db)
        await world.save(sequential(execute('migrate')))
        const id = await world.start()
        expect((await world.reaches(id, 'failure')).message).toMatch(/exited with 3\..*\nno such column/)
      },
      { deps: { exec: async () => ({ exitCode: 3, output: 'no such column' }) } },
    ))

  test('a command whose server went away is not run again: it fails and says so', () =>
    withWorld(async (world) => {
      let calls = 0
      const exec = (_: string, { signal }: { signal: AbortSignal }) => {
        calls += 1
        return new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true })
        })
      }
      await insertInstance(world.db)
      await world.save(sequential(execute('migrate')))
      const id = await world.start()
      const stop = await startEngine(world.db, world.connectionString, { deps: { exec } })
      await until(
        async () => calls,
        (count) => count === 1,
      )
      await stop()
      const again = await startEngine(world.db, world.connectionString, { deps: { exec } })
      expect((await world.reaches(id, 'failure')).message).toMatch(/server stopped while the command ran/)
      expect(calls).toBe(1)
      await again()
    }))

  test('without a running instance it fails at once', () =>
    withEngine(async (world) => {
      await world.save(sequential(execute('migrate')))
      const id = await world.start()
      expect((await world.reaches(id, 'failure')).message).toMatch(/No instance of service "web" runs/)
    }))
})

describe('Message', () => {
  test.each([
    'http://127.0.0.1:1/',
    'http://localhost:1/',
    'http://[::1]:1/',
    'http://[::ffff:7f00:1]:1/',
    'http://169.254.169.254/',
  ])('is not sent to %s unless private addresses are allowed', (url) =>
    withEngine(
      async (world) => {
        await world.save(sequential(message(url, 'x')))
        const id = await world.start()
        expect((await world.reaches(id, 'failure')).message).toMatch(/is an address of this network/)
      },
      { deps: { allowPrivateWebhooks: false } },
    ),
  )
})

test('a command line is split into words and nothing else', () => {
  expect(splitWords(`sh -c "a && b"`)).toEqual(['sh', '-c', 'a && b'])
  expect(splitWords(`a 'b c'"d" \\e f\\ g $HOME *`)).toEqual(['a', 'b cd', 'e', 'f g', '$HOME', '*'])
  expect(splitWords(`"say \\"hi\\"" ''`)).toEqual(['say "hi"', ''])
  expect(splitWords('  ')).toEqual([])
})

test('build rules reject a commit by a flag in its message, when they are on', () => {
  const commit = { sha: SHA, message: 'Docs [skip ci]' }
  expect(rejectionOf({ ciIgnoreFlagsEnabled: true }, commit)).toMatch(/skip ci/)
  expect(rejectionOf({ ciIgnoreFlagsEnabled: true, ciIgnoreFlags: ['[no]'] }, commit)).toBeUndefined()
  expect(rejectionOf({}, commit)).toBeUndefined()
})
