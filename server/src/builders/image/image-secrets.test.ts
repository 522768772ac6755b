import { readdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { dockerHere } from '../../lib/docker/test-engine.ts'
import { LABELS } from './image-names.ts'
import { type ImageTestWorld, imageTestWorld, readAll } from './test-image-world.ts'
import { running } from './test-processes.ts'

const SLIM = 'debian:12-slim'

let world: ImageTestWorld
beforeEach(async () => {
  world = await imageTestWorld()
})
afterEach(() => world.close())

/** Images of an installation that have no name any more. */
async function dangling(installation: string): Promise<string[]> {
  const images = await world.engine.listImages({
    filters: JSON.stringify({ dangling: ['true'], label: [`${LABELS.installation}=${installation}`] }),
  })
  return images.map(({ Id }) => Id)
}

describe.skipIf(!dockerHere)('secrets of an image build', { timeout: 120_000 }, () => {
  const SECRET = 'planted-secret-71ac9'
  const ARGUMENT = 'planted-argument-93be1'

  it('keeps a secret mount and an argument out of layers, history, logs, command lines and this machine', async () => {
    await world.files({
      Dockerfile: [
        `FROM ${SLIM}`,
        'ARG TOKEN',
        'ARG PLAIN=there',
        // Long enough that the command line of the build can be looked at.
        'RUN --mount=type=secret,id=npm.rc sleep 2; test -s /run/secrets/npm.rc && echo -n "$TOKEN" | wc -c > /length',
        'RUN --mount=type=secret,id=npm.rc wc -c < /run/secrets/npm.rc >> /length',
        // Layers that are the same, and one that is not small.
        'RUN true',
        'RUN : again',
        'RUN head -c 3000000 /dev/urandom > /large && echo ü > /ü',
        'LABEL greeting="grüß dich"',
        'CMD cat /length',
      ].join('\n'),
    })
    const building = world
      .builder()
      .build(world.request({ secrets: { 'npm.rc': SECRET }, arguments: { TOKEN: ARGUMENT } }))
    await vi.waitFor(async () => expect(await running('npm.rc')).toContain('--secret'), { timeout: 30_000 })
    expect(await running('npm.rc')).not.toMatch(/planted/)
    const { digest } = await building
    expect((await world.run(digest)).output).toBe(`${ARGUMENT.length}\n${SECRET.length}\n`)
    const { Config } = await world.engine.getImage(digest).inspect()
    expect(Config.Labels.greeting).toBe('grüß dich')
    expect(await dangling(world.installation)).toEqual([])
    const history = JSON.stringify(await world.engine.getImage(digest).history())
    expect(history).toContain('TOKEN=***')
    const saved = await readAll((await world.engine.getImage(digest).get()) as Readable)
    for (const planted of [SECRET, ARGUMENT]) {
      expect(history).not.toContain(planted)
      expect(saved.includes(planted)).toBe(false)
      expect(world.lines.join('\n')).not.toContain(planted)
      expect(JSON.stringify(await world.engine.getImage(digest).inspect())).not.toContain(planted)
    }
    expect(await readdir(world.root)).toEqual([])
  })

  it('leaves out arguments that would steer the build command on this machine', async () => {
    await world.files({ Dockerfile: `FROM ${SLIM}\nARG LD_PRELOAD\nARG FINE\nCMD ["true"]\n` })
    await world.builder().build(
      world.request({
        arguments: { LD_PRELOAD: '/x.so', DOCKER_HOST: 'tcp://x', FINE: 'yes', 'a/b': '1' },
      }),
    )
    expect(world.lines).toContain(
      'Warning: these build arguments are left out, their names are not allowed: LD_PRELOAD, DOCKER_HOST, a/b',
    )
  })

  it('writes no build file through a link that leads out of the repository', async () => {
    await world.files({ Dockerfile: `FROM ${SLIM}\n` })
    await symlink(dirname(world.directory), join(world.directory, 'out'))
    const files = [{ path: '/out/written.txt', contentBase64: '' }]
    const build = world.builder().build(world.request({ files }))
    await expect(build).rejects.toMatchObject({ code: 'invalid_path' })
    expect(await readdir(dirname(world.directory))).not.toContain('written.txt')
  })

  it('refuses a secret mount whose name would change the command', async () => {
    await world.files({ Dockerfile: `FROM ${SLIM}\n` })
    const build = world.builder().build(world.request({ secrets: { 'a,src=/etc/shadow': 'x' } }))
    await expect(build).rejects.toMatchObject({ code: 'build_failed' })
  })
})
