import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { imageBuildCrashPoints } from '../builders/image/image-builder.ts'
import { localNamespace, registryRepository } from '../builders/image/image-names.ts'
import { openRegistryRepository } from '../builders/image/registry-client.ts'
import { registryHere, TEST_REGISTRY } from '../builders/image/test-programs.ts'
import { toJson, transaction } from '../db/db.ts'
import { connectEngine } from '../lib/docker/engine.ts'
import { DEFAULT_ENGINE_SOCKET } from '../lib/docker/engine-socket.ts'
import { dockerHere } from '../lib/docker/test-engine.ts'
import { createSealer } from '../lib/seal.ts'
import { until } from '../lib/test-until.ts'
import { setOwnSecrets } from '../operations/environment/set-own.ts'
import { type World, withWorld } from './builds-test-project.ts'
import { startBuildWorker, TEST_PREFIX, testImageBuilder, testMasterKey } from './builds-test-world.ts'

const engine = connectEngine(DEFAULT_ENGINE_SOCKET)

const repositoryOf = (installation: string): string =>
  registryRepository({ host: TEST_REGISTRY, prefix: TEST_PREFIX }, installation)

const tagsOf = async (installation: string): Promise<string[]> =>
  (await engine.listImages())
    .flatMap(({ RepoTags }) => RepoTags ?? [])
    .filter(
      (tag) => tag.startsWith(localNamespace(installation)) || tag.startsWith(repositoryOf(installation)),
    )

async function withImages(work: (world: World, installation: string) => Promise<void>): Promise<void> {
  const installation = `push-${randomUUID().slice(0, 8)}`
  try {
    await withWorld((world) => work(world, installation))
  } finally {
    for (const tag of await tagsOf(installation)) await engine.getImage(tag).remove({ force: true })
    const client = openRegistryRepository({ repository: repositoryOf(installation) })
    for (const tag of await client.tags()) await client.remove((await client.digestOf(tag)) ?? '')
  }
}

const SLIM = 'debian:12-slim'

describe.skipIf(!dockerHere || !registryHere)('a build that makes an image', { timeout: 180_000 }, () => {
  it('is made by the settings of its service, and no secret is in its log, error or events', () =>
    withImages(async (world, installation) => {
      const { spec } = await world.db.selectFrom('service').select('spec').executeTakeFirstOrThrow()
      const settings = {
        buildSettings: { dockerfile: { dockerFilePath: '/docker/Dockerfile', dockerWorkDir: '/app' } },
        buildConfiguration: { dockerfileTarget: 'app' },
      }
      await world.db
        .updateTable('service')
        .set({ spec: toJson({ ...(spec as object), ...settings }) })
        .execute()
      const planted = { mount: 'planted mount 5d1', argument: 'planted-argument-77e' }
      const data = Buffer.from(planted.mount).toString('base64')
      const secrets = {
        dockerSecretMounts: { key: { data } },
        buildArguments: { API_TOKEN: planted.argument },
      }
      const owner = { projectId: 'shop', kind: 'service', id: 'web' } as const
      await transaction(world.db, (tx) => setOwnSecrets(tx, owner, secrets, createSealer(testMasterKey)))
      const dockerfile = (end: string) =>
        [
          `FROM ${SLIM} AS app`,
          'ARG API_TOKEN',
          'COPY here.txt /',
          `RUN --mount=type=secret,id=key cat /run/secrets/key; echo; echo "say $API_TOKEN"; ${end}`,
          'FROM app AS other',
          'RUN exit 9',
        ].join('\n')
      const builder = testImageBuilder(world.folder, installation)
      const worker = await startBuildWorker(world.connectionString, world.folder, { builder })
      try {
        await world.commit({ 'docker/Dockerfile': dockerfile('true'), 'app/here.txt': 'here' })
        const good = await world.start()
        expect(await world.concluded(good.buildId)).toMatchObject({ status: 'SUCCESS' })
        await world.commit({ 'docker/Dockerfile': dockerfile('exit 5') })
        const bad = await world.start()
        expect(await world.concluded(bad.buildId)).toMatchObject({ status: 'FAILURE' })
        const error = await world.error(bad.buildId)
        expect(error.message).toMatch(/^The step "\[app 3\/3\] RUN .*exit 5" failed: .*exit code: 5/)
        const artifact = await world.db.selectFrom('artifact').selectAll().executeTakeFirstOrThrow()
        expect(artifact).toMatchObject({ kind: 'image', processes: {} })
        const events = await world.db.selectFrom('event').selectAll().execute()
        const rows = await world.db.selectFrom('build').selectAll().execute()
        const logs = [await world.log(good.buildId), await world.log(bad.buildId)]
        expect(logs.flat().join('\n')).toContain('say ••••••')
        const everything = JSON.stringify([error, events, rows, logs, artifact])
        for (const value of Object.values(planted)) expect(everything).not.toContain(value)
      } finally {
        await worker.stop()
      }
    }))

  it.each(imageBuildCrashPoints)(
    'and whose server is killed at %s ends as if nothing had happened, with nothing left behind',
    (point) =>
      withImages(async (world, installation) => {
        await world.commit({ Dockerfile: `FROM ${SLIM}\nRUN echo ${installation} > /x\n` })
        const { buildId } = await world.start()
        expect(await world.live(point, installation).over).toBe('SIGKILL')
        const second = world.live('', installation)
        try {
          expect((await world.concluded(buildId)).status).toBe('SUCCESS')
          const { artifact_digest: digest } = await world.build(buildId)
          const builder = testImageBuilder(world.folder, installation)
          expect(await builder.locate(digest!)).toBeDefined()
          await until('the folder to be empty', async () => (await left(world)).length === 0)
          await builder.collect(new Set([digest!]))
          // One of ours and one of the registry.
          expect(await tagsOf(installation)).toHaveLength(2)
        } finally {
          await second.end()
        }
      }),
  )

  it('and whose server is killed while a step runs stops that step, and keeps no secret on the disk', () =>
    withImages(async (world, installation) => {
      const owner = { projectId: 'shop', kind: 'service', id: 'web' } as const
      const dockerSecretMounts = { key: { data: Buffer.from('planted on disk').toString('base64') } }
      await transaction(world.db, (tx) =>
        setOwnSecrets(tx, owner, { dockerSecretMounts }, createSealer(testMasterKey)),
      )
      await world.commit({
        Dockerfile: `FROM ${SLIM}\nRUN --mount=type=secret,id=key echo ${installation}; exec sleep 5533.1\n`,
      })
      const { buildId } = await world.start()
      const first = world.live('', installation)
      await until('the step', async () => (await sleepers('5533.1')) > 0)
      await first.end()
      await world.abort(buildId)
      // Another commit's build is what the next server begins with.
      await world.commit({ Dockerfile: `FROM ${SLIM}\n` })
      const next = await world.start()
      const second = world.live('', installation)
      try {
        expect((await world.concluded(next.buildId)).status).toBe('SUCCESS')
        expect((await world.concluded(buildId)).status).toBe('ABORTED')
        await until('the step to end', async () => (await sleepers('5533.1')) === 0)
        await until('the folder to be empty', async () => (await left(world)).length === 0)
      } finally {
        await second.end()
      }
    }))
})

const left = (world: World): Promise<string[]> => readdir(join(world.folder, 'image-builds'))

async function sleepers(seconds: string): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  return lines.filter((line) => line === `sleep\0${seconds}\0`).length
}
