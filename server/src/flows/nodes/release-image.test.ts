import { FairwayError } from '@fairway/contract/errors'
import type { FlowNode } from '@fairway/contract/nodes/kinds'
import { describe, expect, test } from 'vitest'
import { sequential, type World, withEngine } from '../test-world.ts'

const DIGEST = `sha256:${'b'.repeat(64)}`
const origin = { imagePath: 'registry.example.com/web:2', credentials: 'own' }
const retry = { maxAttempts: 2, backoff: { type: 'fixed', delay: 0 } } as const

const release: FlowNode = {
  kind: 'Release',
  ref: 'release',
  spec: { type: 'registry', origin, target: { id: 'web', type: 'service' } },
  settings: retry,
} as FlowNode

const revisions = ({ db }: World) =>
  db.selectFrom('revision').select(['artifact_digest', 'source']).orderBy('number', 'desc').execute()

/** A saved registry of this id, so that a deployment may hold it. */
const saveRegistry = ({ db }: World) =>
  db
    .insertInto('registry_credential')
    .values({
      ...{ id: 'own', name: 'own', provider: 'custom', host: 'registry.example.com', username: 'ann' },
      ...{ secret: Buffer.from('sealed'), scope: JSON.stringify({ pull: true, push: false }) },
    })
    .execute()

/** A registry that fails with each of these in turn, and answers from then on. */
const failingWith = (...codes: ('registry_unreachable' | 'image_not_found' | 'not_supported')[]) => {
  const left = [...codes]
  const asked: unknown[] = []
  const lookUpImage = async (use: unknown): Promise<string> => {
    asked.push(use)
    const code = left.shift()
    if (code !== undefined) throw new FairwayError(code, `The test says ${code}.`)
    return `registry.example.com/web@${DIGEST}`
  }
  return { asked, deps: { lookUpImage } }
}

describe('the release of an image', () => {
  test('deploys what the reference points at when the step runs', () => {
    const { asked, deps } = failingWith()
    return withEngine(
      async (world) => {
        await saveRegistry(world)
        await world.save(sequential(release))
        const id = await world.start()
        await world.reaches(id, 'success')
        expect((await revisions(world))[0]).toEqual({
          artifact_digest: `registry.example.com/web@${DIGEST}`,
          source: { external: origin },
        })
        expect((await world.nodes(id))['0.0']!.response).toMatchObject({
          digest: `registry.example.com/web@${DIGEST}`,
          external: origin,
        })
        expect(asked).toEqual([{ projectId: 'shop', external: origin }])
      },
      { deps },
    )
  })

  test('is tried again when the registry cannot be reached', () => {
    const { asked, deps } = failingWith('registry_unreachable')
    return withEngine(
      async (world) => {
        await saveRegistry(world)
        await world.save(sequential(release))
        const id = await world.start()
        await world.reaches(id, 'success')
        expect((await world.nodes(id))['0.0']).toMatchObject({ attempt: 2 })
        expect(asked).toHaveLength(2)
      },
      { deps },
    )
  })

  test.each(['image_not_found', 'not_supported'] as const)(
    'ends at once with %s; nothing is deployed',
    (code) => {
      const { asked, deps } = failingWith(code)
      return withEngine(
        async (world) => {
          const before = await revisions(world)
          await world.save(sequential(release))
          const id = await world.start()
          const run = await world.reaches(id, 'failure')
          expect(run.message).toContain(`The test says ${code}.`)
          expect(asked).toHaveLength(1)
          expect(await revisions(world)).toEqual(before)
        },
        { deps },
      )
    },
  )

  test('a job runs the image that the step names, by its digest', () => {
    const { deps } = failingWith('registry_unreachable')
    const run = {
      kind: 'JobRun',
      spec: { jobId: 'migrate', deployment: { external: origin } },
      settings: retry,
    } as FlowNode
    return withEngine(
      async (world) => {
        await saveRegistry(world)
        await world.save(sequential(run))
        await world.reaches(await world.start(), 'success')
        expect(await world.db.selectFrom('job_run').select(['artifact_digest', 'source']).execute()).toEqual([
          { artifact_digest: `registry.example.com/web@${DIGEST}`, source: { external: origin } },
        ])
      },
      { deps },
    )
  })
})
