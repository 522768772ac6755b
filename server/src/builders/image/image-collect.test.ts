import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { dockerHere } from '../../lib/docker/test-engine.ts'
import { type ImageTestWorld, imageTestWorld } from './test-image-world.ts'

const SLIM = 'debian:12-slim'

let world: ImageTestWorld
beforeEach(async () => {
  world = await imageTestWorld()
})
afterEach(() => world.close())

describe.skipIf(!dockerHere)('collecting images', { timeout: 120_000 }, () => {
  const build = async (text: string): Promise<string> => {
    await world.files({ Dockerfile: `FROM ${SLIM}\nRUN echo ${text} > /text\nCMD ["sleep", "600"]\n` })
    return (await world.builder().build(world.request())).digest
  }

  it('removes what is not kept, and never what a container uses or what others made', async () => {
    const [kept, used, gone] = [await build('kept'), await build('used'), await build('gone')]
    const other = await imageTestWorld()
    try {
      await other.files({ Dockerfile: `FROM ${SLIM}\nCMD ["others"]\n` })
      const others = (await other.builder().build(other.request())).digest
      const { id } = await world.start(used)
      // A stopped container needs its image as well.
      await world.engine.getContainer(id).kill()
      const builder = world.builder()
      expect(await builder.collect(new Set([kept]))).toEqual([gone])
      expect(await builder.locate(kept)).toBeDefined()
      expect(await builder.locate(used)).toBeDefined()
      expect(await builder.locate(gone)).toBeUndefined()
      expect(await builder.locate(others)).toBeDefined()
      expect(await world.engine.getImage(SLIM).inspect()).toBeDefined()
    } finally {
      await other.close()
    }
  })

  it('does not take an image from a build that is not finished', async () => {
    // Its history holds an argument and is written anew, which takes longer than to collect.
    await world.files({ Dockerfile: `FROM ${SLIM}\nARG TOKEN\nRUN echo unfinished > /x\n` })
    const builder = world.builder({
      crash: {
        hit: (name) => {
          if (name === 'build.after-image') collecting = builder.collect(new Set())
        },
      },
    })
    let collecting: Promise<string[]> | undefined
    const { digest } = await builder.build(world.request({ arguments: { TOKEN: 'planted' } }))
    expect(await collecting).toEqual([])
    expect(await builder.locate(digest)).toBeDefined()
  })
})
