import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { dockerHere } from '../../lib/docker/test-engine.ts'
import { registryRepository } from './image-names.ts'
import { openRegistryRepository } from './registry-client.ts'
import { type ImageTestWorld, imageTestWorld } from './test-image-world.ts'
import { registryHere, TEST_REGISTRY } from './test-programs.ts'

const SLIM = 'debian:12-slim'
const registry = { host: TEST_REGISTRY, prefix: 'fairway-builds' }

let world: ImageTestWorld
beforeEach(async () => {
  world = await imageTestWorld()
})
afterEach(async () => {
  const client = openRegistryRepository({ repository: registryRepository(registry, world.installation) })
  for (const tag of await client.tags()) await client.remove((await client.digestOf(tag)) ?? '')
  await world.close()
})

const builder = () => world.builder({ registry })
const repository = () => registryRepository(registry, world.installation)

async function build(text: string): Promise<string> {
  await world.files({
    Dockerfile: `FROM ${SLIM}\nRUN echo ${text}-${world.installation} > /text\nCMD ["cat", "/text"]\n`,
  })
  return (await builder().build(world.request())).digest
}

/** As when the disk of the engine was lost. */
async function forgetLocally(): Promise<void> {
  for (const tag of await world.tags()) await world.engine.getImage(tag).remove({ force: true })
}

describe.skipIf(!dockerHere || !registryHere)('images in a registry', { timeout: 120_000 }, () => {
  it('pushes the image and records the digest of its manifest', async () => {
    const digest = await build('pushed')
    const reference = `${repository()}@${digest}`
    expect(await builder().locate(digest)).toEqual({ kind: 'image', reference })
    expect(await openRegistryRepository({ repository: repository() }).digestOf(digest)).toBe(digest)
    expect((await world.run(reference)).output).toBe(`pushed-${world.installation}\n`)
  })

  it('finds an image that only the registry still has, so that it can be pulled and run', async () => {
    const digest = await build('lost')
    await forgetLocally()
    const artifact = await builder().locate(digest)
    expect(artifact).toEqual({ kind: 'image', reference: `${repository()}@${digest}` })
    await world.pull(`${repository()}@${digest}`)
    expect((await world.run(`${repository()}@${digest}`)).output).toBe(`lost-${world.installation}\n`)
  })

  it('collects what is not kept from the engine and from the registry', async () => {
    const [kept, gone] = [await build('kept'), await build('gone')]
    expect(await builder().collect(new Set([kept]))).toContain(gone)
    const client = openRegistryRepository({ repository: repository() })
    expect(await client.digestOf(gone)).toBeUndefined()
    expect(await client.digestOf(kept)).toBe(kept)
    expect(await builder().locate(gone)).toBeUndefined()
    expect(await builder().locate(kept)).toBeDefined()
  })

  it('leaves an image in the registry that a container uses', async () => {
    const used = await build('used')
    await world.run(`${repository()}@${used}`)
    expect(await builder().collect(new Set())).toEqual([])
    expect(await openRegistryRepository({ repository: repository() }).digestOf(used)).toBe(used)
  })

  it('tells a registry that is down from an image that is gone', async () => {
    const digest = await build('down')
    await forgetLocally()
    const down = world.builder({ registry: { ...registry, host: '127.0.0.1:9' } })
    await expect(down.locate(digest)).rejects.toMatchObject({ code: 'registry_unreachable' })
    await expect(down.build(world.request())).rejects.toMatchObject({ code: 'registry_unreachable' })
  })
})
