import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bundleCrashPoints } from '../builders/bundle/bundle-builder.ts'
import { transaction } from '../db/db.ts'
import { createSealer } from '../lib/seal.ts'
import { until } from '../lib/test-until.ts'
import { abortBuild } from '../operations/builds/abort.ts'
import { startBuild } from '../operations/builds/start.ts'
import { setOwnSecrets } from '../operations/environment/set-own.ts'
import { buildCrashPoints } from './builds.ts'
import { app, order, type World, withWorker, withWorld } from './builds-test-project.ts'
import { startBuildWorker, testBuilder, testMasterKey } from './builds-test-world.ts'

const script = (build: string) => ({
  'package.json': JSON.stringify({
    name: 'app',
    version: '1.0.0',
    scripts: { build, start: 'node server.js' },
  }),
})
const path = ['QUEUED', 'PENDING', 'STARTING', 'CLONING', 'BUILDING', 'UPLOADING', 'SUCCESS']

describe('a build', () => {
  it('goes through every status to an artifact, and is followed by a deployment in the same commit', () =>
    withWorker(async (world) => {
      const sha = await world.commit(app)
      const { buildId } = await world.start()
      expect(buildId).toMatch(/^[a-z]+-[a-z]+-\d{4}$/)
      expect(await world.concluded(buildId)).toMatchObject({ status: 'SUCCESS', sha, message: 'A change' })
      expect(await world.statuses(buildId)).toEqual(path)
      const { artifact_digest: digest } = await world.build(buildId)
      const artifact = await world.db.selectFrom('artifact').selectAll().executeTakeFirstOrThrow()
      expect(artifact).toMatchObject({ digest, kind: 'bundle', processes: { web: 'node server.js' } })
      expect(await testBuilder(world.folder).locate(digest!)).toBeDefined()
      const followed = await world.db
        .selectFrom('event')
        .selectAll()
        .where('type', '=', 'test.followed')
        .execute()
      expect(followed).toHaveLength(1)
      expect(await readdir(join(world.folder, 'checkouts'))).toEqual([])
    }))

  it('of a commit that was built, or is being built, is answered when reuse is wanted, and only then', () =>
    withWorker(async (world) => {
      const sha = await world.commit(app)
      const first = await world.start({ sha })
      expect(await world.start({ sha })).toEqual({ buildId: first.buildId, reused: true })
      await world.concluded(first.buildId)
      expect(await world.start({ sha })).toEqual({ buildId: first.buildId, reused: true })
      expect((await world.start({ sha, reuse: false })).reused).toBe(false)
      expect((await world.start({ sha, overrides: { buildArguments: { A: '1' } } })).reused).toBe(false)
    }))

  it('sees its arguments, files and commit; its secrets are masked in log and error', () =>
    withWorker(async (world) => {
      const sha = await world.commit({
        ...app,
        ...script('cat a.txt && echo $NF_GIT_SHA $API_TOKEN $MINE && exit 4'),
      })
      const secrets = {
        buildArguments: { API_TOKEN: 'hunter2hunter2' },
        buildFiles: { '/a.txt': { data: Buffer.from('from the file\n').toString('base64') } },
      }
      await transaction(world.db, (tx) =>
        setOwnSecrets(
          tx,
          { projectId: 'shop', kind: 'service', id: 'web' },
          secrets,
          createSealer(testMasterKey),
        ),
      )
      const { buildId } = await world.start({ overrides: { buildArguments: { MINE: 'mine' } } })
      expect((await world.concluded(buildId)).status).toBe('FAILURE')
      const error = await world.error(buildId)
      expect(error).toMatchObject({ code: 'build_failed', log: expect.arrayContaining(['from the file']) })
      const everything = JSON.stringify([error, await world.log(buildId)])
      expect(everything).toContain(`${sha} •••••• mine`)
      expect(everything).not.toContain('hunter2')
    }))

  it('that has no repository, branch or commit fails and says so', () =>
    withWorker(async (world) => {
      await world.commit(app)
      const { buildId } = await world.start({ sha: 'b'.repeat(40) })
      expect((await world.concluded(buildId)).status).toBe('FAILURE')
      expect((await world.error(buildId)).code).toBe('commit_not_found')
    }))

  it('stops when it is aborted, with everything it started; one that waits is aborted at once', () =>
    withWorker(async (world) => {
      await world.commit({ ...app, ...script('echo pid $$; sleep 300') })
      const { buildId } = await world.start()
      const pid = await until('the build script', async () => {
        const line = (await world.log(buildId)).find((text) => text.startsWith('pid '))
        return line !== undefined && Number(line.slice(4))
      })
      await world.abort(buildId)
      expect((await world.concluded(buildId)).status).toBe('ABORTED')
      await until('its process to end', async () => !existsSync(`/proc/${pid}`))
      await world.abort(buildId)
      const waiting = await transaction(world.db, async (tx) => {
        const { buildId } = await startBuild(tx, order, createSealer(testMasterKey))
        await abortBuild(tx, { projectId: 'shop', buildId, actor: 'tester' })
        return buildId
      })
      expect(await world.statuses(waiting)).toEqual(['QUEUED', 'ABORTED'])
    }))

  it('that prints 100 MB succeeds with a bounded log, and does not starve its lease', () =>
    withWorker(async (world) => {
      await world.commit({
        ...app,
        ...script('node flood.js'),
        'flood.js': `const line = 'x'.repeat(999) + '\\n'
          ;(async () => { for (let n = 0; n < 100000; n++)
            if (!process.stdout.write(line)) await new Promise((go) => process.stdout.once('drain', go)) })()`,
      })
      const { buildId } = await world.start()
      expect((await world.concluded(buildId)).status).toBe('SUCCESS')
      expect((await world.build(buildId)).attempts).toBe(1)
      expect((await world.log(buildId)).join('\n').length).toBeLessThan(6_000_000)
    }))
})

describe('a build whose server stops', () => {
  it('begins again with the next server, which is not held against it', () =>
    withWorld(async (world) => {
      await world.commit({ ...app, ...script('test -e again || { echo waiting; sleep 300; }') })
      const first = await startBuildWorker(world.connectionString, world.folder)
      const { buildId } = await world.start()
      await until('the script', async () => (await world.log(buildId)).includes('waiting'))
      const sha = await world.commit({ again: '' })
      await first.stop()
      expect(await world.build(buildId)).toMatchObject({ status: 'BUILDING', attempts: 0 })
      await world.db.updateTable('build').set({ sha }).where('id', '=', buildId).execute()
      const second = await startBuildWorker(world.connectionString, world.folder)
      try {
        expect(await world.concluded(buildId)).toMatchObject({ status: 'SUCCESS', attempts: 1 })
      } finally {
        await second.stop()
      }
    }))
})

describe('a build whose server is killed', () => {
  const points = [...buildCrashPoints, ...bundleCrashPoints]
  it.each(points)('at %s ends as if nothing had happened, with nothing left behind', async (point) => {
    await withWorld(async (world) => {
      await world.commit({ ...app, ...script('true') })
      const { buildId } = await world.start()
      expect(await world.live(point).over).toBe('SIGKILL')
      const second = world.live()
      try {
        expect((await world.concluded(buildId)).status).toBe('SUCCESS')
        const statuses = await world.statuses(buildId)
        expect(statuses.filter((status) => status === 'SUCCESS')).toHaveLength(1)
        await until('the folders to be empty', async () => {
          const left = [...(await names(world, 'checkouts')), ...(await names(world, 'artifacts/staging'))]
          return left.length === 0
        })
        const { artifact_digest: digest } = await world.build(buildId)
        expect(await testBuilder(world.folder).locate(digest!)).toBeDefined()
      } finally {
        await second.end()
      }
    })
  })

  it('three times has crashed, and is not tried a fourth time', () =>
    withWorld(async (world) => {
      await world.commit(app)
      const { buildId } = await world.start()
      for (let life = 0; life < 3; life += 1)
        expect(await world.live('build.after-clone').over).toBe('SIGKILL')
      const last = world.live('build.after-clone')
      try {
        expect(await world.concluded(buildId)).toMatchObject({ status: 'CRASHED', attempts: 3 })
      } finally {
        await last.end()
      }
    }))
})

const names = async (world: World, folder: string): Promise<string[]> => {
  const path = join(world.folder, folder)
  return existsSync(path) ? readdir(path) : []
}
