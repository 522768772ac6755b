import { readdir, readFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { dockerHere } from '../../lib/docker/test-engine.ts'
import { limitWrites } from './step-limits.ts'
import { type ImageTestWorld, imageTestWorld } from './test-image-world.ts'
import { pidsOf, running } from './test-processes.ts'

const SLIM = 'debian:12-slim'

let world: ImageTestWorld
beforeEach(async () => {
  world = await imageTestWorld()
})
afterEach(() => world.close())

const dockerfile = (path = '/Dockerfile', target?: string) => ({
  path,
  useCache: true,
  ...(target !== undefined && { target }),
})

describe.skipIf(!dockerHere)('building a Dockerfile on a real engine', { timeout: 120_000 }, () => {
  it('records the image by its id and leaves nothing of the build behind', async () => {
    await world.files({
      Dockerfile: `FROM ${SLIM}\nCOPY a.txt /a.txt\nCMD ["cat", "/a.txt"]\n`,
      'a.txt': 'hello',
    })
    const built = await world.builder().build(world.request())
    expect(built).toMatchObject({ kind: 'image', processes: {} })
    expect(built.sizeBytes).toBeGreaterThan(1_000_000)
    expect((await world.run(built.digest)).output).toBe('hello')
    expect(await readdir(world.root)).toEqual([])
    expect(await world.tags()).toHaveLength(1)
  })

  it('finds an image again after a restart, and nothing by a digest that it never made', async () => {
    await world.files({ Dockerfile: `FROM ${SLIM}\nCMD ["true"]\n` })
    const { digest } = await world.builder().build(world.request())
    expect(await world.builder().locate(digest)).toEqual({ kind: 'image', reference: digest })
    expect(await world.builder().locate(`sha256:${'0'.repeat(64)}`)).toBeUndefined()
  })

  it('builds the target, context, arguments and files that it is given', async () => {
    await world.files({
      'docker/Dockerfile.app': [
        `FROM ${SLIM} AS first`,
        'ARG WHO',
        'COPY given.txt in-context.txt /',
        'RUN echo "$WHO" > /who',
        'CMD cat /who /given.txt /in-context.txt; ls -a /context 2>/dev/null',
        'FROM first AS second',
        'RUN exit 1',
      ].join('\n'),
      'app/in-context.txt': 'context',
      'app/.git/config': 'never in an image',
    })
    const { digest } = await world.builder().build(
      world.request({
        context: '/app',
        dockerfile: dockerfile('/docker/Dockerfile.app', 'first'),
        arguments: { WHO: 'us "and" $them' },
        files: [{ path: '/given.txt', contentBase64: Buffer.from('given ').toString('base64') }],
      }),
    )
    expect((await world.run(digest)).output).toBe('us "and" $them\ngiven context')
  })

  it('uses the cache, unless it is told not to', async () => {
    await world.files({
      Dockerfile: `FROM ${SLIM}\nRUN head -c 8 /dev/urandom | od -An -tx1 > /r\nCMD cat /r\n`,
    })
    const one = await world.builder().build(world.request())
    const two = await world.builder().build(world.request())
    const three = await world
      .builder()
      .build(world.request({ dockerfile: { path: '/Dockerfile', useCache: false } }))
    const outputs = await Promise.all(
      [one, two, three].map(async ({ digest }) => (await world.run(digest)).output),
    )
    expect(outputs[1]).toBe(outputs[0])
    expect(outputs[2]).not.toBe(outputs[0])
  })

  it('names the failing step with its last lines', async () => {
    await world.files({ Dockerfile: `FROM ${SLIM}\nRUN echo so far; echo the reason >&2; exit 3\n` })
    const failed = world.builder().build(world.request())
    await expect(failed).rejects.toMatchObject({
      code: 'build_failed',
      message: expect.stringMatching(/^The step "\[2\/2\] RUN .*" failed: .*exit code: 3[\s\S]*\nthe reason/),
    })
    expect(await readdir(world.root)).toEqual([])
    expect(await world.tags()).toEqual([])
  })

  it('says what is wrong with a Dockerfile, its path and its target', async () => {
    await world.files({ Dockerfile: 'FORM x\n', 'other/Dockerfile': `FROM ${SLIM} AS a\n` })
    const build = (path: string, target?: string) =>
      world.builder().build(world.request({ dockerfile: dockerfile(path, target) }))
    await expect(build('/Dockerfile')).rejects.toMatchObject({
      code: 'build_failed',
      message: expect.stringMatching(/unknown instruction: FORM/i),
    })
    await expect(build('/nowhere/Dockerfile')).rejects.toMatchObject({
      code: 'build_failed',
      message:
        'The repository has no Dockerfile at "/nowhere/Dockerfile". Correct the path in the build settings.',
    })
    await expect(build('/other/Dockerfile', 'b')).rejects.toMatchObject({
      code: 'build_failed',
      message: expect.stringContaining('target stage b could not be found'),
    })
  })

  it('kills the running step when the build is aborted or takes too long', async () => {
    await world.files({
      Dockerfile: `FROM ${SLIM}\nRUN echo begun; sleep 4711; : ${world.installation}\n`,
    })
    const abort = new AbortController()
    const aborted = world.builder().build(world.request({ signal: abort.signal }))
    await vi.waitFor(async () => expect(await running('sleep 4711')).not.toBe(''), { timeout: 30_000 })
    abort.abort()
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' })
    await vi.waitFor(async () => expect(await running('sleep 4711')).toBe(''), { timeout: 10_000 })
    await expect(world.builder({ timeoutSeconds: 2 }).build(world.request())).rejects.toMatchObject({
      code: 'timed_out',
    })
    await vi.waitFor(async () => expect(await running('sleep 4711')).toBe(''), { timeout: 10_000 })
    expect(await readdir(world.root)).toEqual([])
  })

  it('reports a full disk as such', async () => {
    await world.files({ Dockerfile: `FROM ${SLIM}\nRUN cat /dev/zero > /dev/full\n` })
    await expect(world.builder().build(world.request())).rejects.toMatchObject({ code: 'disk_full' })
  })

  it('kills a step that wants more memory than the build may use, and says so', async () => {
    const eat = `node -e 'setTimeout(() => Buffer.alloc(3e8, 1), 1000)'`
    await world.files({ Dockerfile: `FROM node:20-slim\nRUN echo ${world.installation}; ${eat}\n` })
    const build = (memoryMb: number) => world.builder().build(world.request({ limits: { memoryMb } }))
    await expect(build(100)).rejects.toMatchObject({
      code: 'build_failed',
      message: expect.stringMatching(/exit code: 137[\s\S]*more than the 100 MB of memory/),
    })
    expect(world.lines).toContain('Each step of this build may use 100 MB of memory.')
    await expect(build(1000)).resolves.toMatchObject({ kind: 'image' })
  })

  it('writes processor and memory limits to the control group of the step', async () => {
    const limits = { cpuMillis: 500, memoryMb: 200 }
    await world.files({ Dockerfile: `FROM ${SLIM}\nRUN echo ${world.installation}; exec sleep 3.3331\n` })
    const building = world.builder().build(world.request({ limits }))
    const pid = await vi.waitFor(
      async () => {
        const [found] = await pidsOf('sleep\x003.3331')
        expect(found).toBeDefined()
        return found
      },
      { timeout: 30_000 },
    )
    const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8')
    await vi.waitFor(async () => {
      for (const { file, value } of limitWrites(groups, limits))
        expect((await readFile(file, 'utf8')).trim()).toBe(value)
    })
    await building
  })

  it('keeps the cache of a build that is limited', async () => {
    await world.files({
      Dockerfile: `FROM ${SLIM}\nRUN head -c 8 /dev/urandom | od -An -tx1 > /r\nCMD cat /r\n`,
    })
    const one = await world.builder().build(world.request({ limits: { memoryMb: 256 } }))
    const two = await world.builder().build(world.request({ limits: { memoryMb: 512 } }))
    expect(two.digest).toBe(one.digest)
    const history = await world.engine.getImage(one.digest).history()
    expect(JSON.stringify(history)).not.toContain('fairway-build-')
  })
})
