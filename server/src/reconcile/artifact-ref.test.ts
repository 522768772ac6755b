import { randomBytes } from 'node:crypto'
import { registryBody } from '@fairway/contract/resources/registry'
import { describe, expect, test } from 'vitest'
import { type Db, transaction } from '../db/db.ts'
import { withTestDb } from '../db/test-db.ts'
import { createMasker } from '../lib/mask.ts'
import { createSealer } from '../lib/seal.ts'
import { changeRegistry, createRegistry } from '../operations/registries/save.ts'
import { artifactRefOf } from './artifact-ref.ts'

const reference = `registry.example.com/team/app@sha256:${'a'.repeat(64)}`
const recorded = (credentials?: string) => ({
  project_id: 'shop',
  artifact_kind: 'image',
  artifact_digest: reference,
  source: { external: { imagePath: 'registry.example.com/team/app:1', ...(credentials && { credentials }) } },
})

const withRegistry = (
  work: (world: {
    db: Db
    deps: Parameters<typeof artifactRefOf>[0]
    mask(text: string): string
  }) => Promise<void>,
) =>
  withTestDb(async (db) => {
    const key = randomBytes(32)
    const saver = createSealer(key)
    const body = registryBody.parse({
      name: 'own',
      provider: 'custom',
      registryUrl: 'registry.example.com',
      credentials: { username: 'ann', password: 'pass-word-9' },
    })
    await transaction(db, (tx) => createRegistry(tx, { body, actor: 'ann' }, saver))
    const masker = createMasker()
    const sealer = createSealer(key, masker.add)
    await work({ db, mask: masker.mask, deps: { db, sealer, locate: async () => undefined } })
  })

describe('what a runtime is told of an image from elsewhere', () => {
  test('comes with its saved credentials, which are masked from then on in every form they travel in', () =>
    withRegistry(async ({ deps, mask }) => {
      const credentials = { username: 'ann', password: 'pass-word-9' }
      expect(await artifactRefOf(deps, recorded('own'), 'runtime_failed')).toEqual({
        kind: 'image',
        reference,
        credentials,
      })
      const basic = Buffer.from('ann:pass-word-9').toString('base64')
      expect(mask(`pass-word-9 ${basic}`)).not.toMatch(/pass-word-9|YW5u/)
    }))

  test('comes without credentials that are not named, are gone, or are not meant for it any more', () =>
    withRegistry(async ({ db, deps }) => {
      const bare = { kind: 'image', reference }
      expect(await artifactRefOf(deps, recorded(), 'runtime_failed')).toEqual(bare)
      expect(await artifactRefOf(deps, recorded('gone'), 'runtime_failed')).toEqual(bare)
      const restrictions = { restricted: true, projects: ['bank'] }
      await transaction(db, (tx) =>
        changeRegistry(tx, { id: 'own', actor: 'ann' }, { restrictions }, deps.sealer),
      )
      expect(await artifactRefOf(deps, recorded('own'), 'runtime_failed')).toEqual(bare)
    }))

  test("is the engine's own id where that was deployed; a build of that form is looked for", () =>
    withRegistry(async ({ deps }) => {
      const id = `sha256:${'c'.repeat(64)}`
      const local = {
        ...recorded(),
        artifact_digest: id,
        source: { external: { imagePath: 'node:20-slim' } },
      }
      expect(await artifactRefOf(deps, local, 'runtime_failed')).toEqual({ kind: 'image', reference: id })
      const built = { ...local, source: { internal: { id: 'web' } } }
      await expect(artifactRefOf(deps, built, 'runtime_failed')).rejects.toMatchObject({
        code: 'runtime_failed',
      })
    }))
})
