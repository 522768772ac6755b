import type { IncomingMessage, ServerResponse } from 'node:http'
import { registryBody } from '@fairway/contract/resources/registry'
import { describe, expect, it } from 'vitest'
import { transaction } from '../db/db.ts'
import { withTestDb } from '../db/test-db.ts'
import { createSealer } from '../lib/seal.ts'
import { createRegistry } from '../operations/registries/save.ts'
import { hostPlatform } from '../registries/platform.ts'
import { answerImage, serveRegistry } from '../registries/test-registry.ts'
import { testImages, testMasterKey } from './image-checks-test-world.ts'
import { type ImageLook, lookAtImage } from './image-look.ts'

const sealer = createSealer(testMasterKey)
const PASSWORD = 'planted-password'

/** A registry that wants a password and says what each tag points at. */
class PrivateRegistry {
  readonly asked: string[] = []
  digest: string | undefined
  answer = (request: IncomingMessage, response: ServerResponse): void => {
    const wanted = `Basic ${Buffer.from(`ann:${PASSWORD}`).toString('base64')}`
    if (request.headers.authorization !== wanted)
      return void response.writeHead(401, { 'www-authenticate': 'Basic realm="own"' }).end()
    this.asked.push(`${request.method} ${request.url?.split('/').slice(-2).join('/')}`)
    if (this.digest !== undefined) response.setHeader('docker-content-digest', this.digest)
    answerImage(request, response, hostPlatform())
  }
}

type Look = (password: string, known?: ImageLook) => Promise<ImageLook>

const withRegistry = (work: (look: Look, registry: PrivateRegistry) => Promise<void>): Promise<void> =>
  withTestDb(async (db) => {
    const registry = new PrivateRegistry()
    const server = await serveRegistry(registry.answer)
    const look: Look = async (password, known) => {
      const name = `own ${password.length}`
      const body = registryBody.parse({
        name,
        provider: 'custom',
        registryUrl: server.host,
        credentials: { username: 'ann', password },
      })
      if (known === undefined)
        await transaction(db, (tx) => createRegistry(tx, { body, actor: 'ann' }, sealer))
      const credentials = `own-${password.length}`
      const external = { imagePath: `${server.host}/team/app:1.0`, credentials, follow: { tag: '2.0' } }
      const row =
        known?.is === 'found'
          ? { reference: '', tag: known.tag, digest: known.digest, rule: null, error: null, failures: 0 }
          : undefined
      const request = { projectId: 'shop', external, known: row, signal: AbortSignal.timeout(10_000) }
      return lookAtImage({ db, sealer, images: testImages }, request)
    }
    try {
      await work(look, registry)
    } finally {
      await server.close()
    }
  })

describe('a look at a private registry', () => {
  it('signs in with the saved credentials, and reads an image only when it is another one', () =>
    withRegistry(async (look, registry) => {
      const first = await look(PASSWORD)
      expect(first).toMatchObject({ is: 'found', tag: '2.0' })
      expect(registry.asked).toContain('GET manifests/2.0')
      registry.digest = first.is === 'found' ? first.digest.split('@')[1] : undefined
      registry.asked.length = 0
      expect(await look(PASSWORD, first)).toEqual(first)
      expect(registry.asked).toEqual(['HEAD manifests/2.0'])
      registry.digest = `sha256:${'0'.repeat(64)}`
      await look(PASSWORD, first)
      expect(registry.asked).toContain('GET manifests/2.0')
    }))

  it('says that it was denied, and never the password', () =>
    withRegistry(async (look) => {
      const denied = await look('another-password')
      expect(denied).toMatchObject({ is: 'error', sentence: expect.stringContaining('denies') })
      expect(JSON.stringify(denied)).not.toContain('another-password')
    }))
})
