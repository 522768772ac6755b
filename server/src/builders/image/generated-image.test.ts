import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { dockerHere } from '../../lib/docker/test-engine.ts'
import { PNPM_LOCK, packageWith, YARN_4_LOCK } from '../bundle/test-lock-files.ts'
import { type ImageTestWorld, imageTestWorld } from './test-image-world.ts'

let world: ImageTestWorld
beforeEach(async () => {
  world = await imageTestWorld()
})
afterEach(() => world.close())

const SHOP = fileURLToPath(new URL('../../../../examples/shop/first', import.meta.url))

describe.skipIf(!dockerHere)('images of repositories without a Dockerfile', { timeout: 180_000 }, () => {
  it('runs each process type of a Procfile, with the dependencies and the build of package.json', async () => {
    await world.files({
      'package.json': JSON.stringify({
        name: 'app',
        version: '1.0.0',
        scripts: { build: 'node build.js' },
        dependencies: { 'is-number': '7.0.0' },
      }),
      'build.js': 'require("fs").writeFileSync("built.txt", `built for ${process.env.WHO}`)',
      'say.js':
        'console.log(process.argv[2], require("is-number")(5), require("fs").readFileSync("built.txt", "utf8"), process.getuid())',
      Procfile: `web: node say.js web\njob: cd . && WORD="it's" node say.js job\n`,
    })
    const { digest, processes } = await world.builder().build(world.request({ arguments: { WHO: 'us all' } }))
    expect(processes).toEqual({ web: 'node say.js web', job: `cd . && WORD="it's" node say.js job` })
    const run = async (env: string[], cmd?: string[]) =>
      (await world.run(digest, { env, ...(cmd && { cmd }) })).output
    expect(await run([])).toBe('web true built for us all 1000\n')
    expect(await run(['FAIRWAY_PROCESS=job'])).toBe('job true built for us all 1000\n')
    expect(await run([], ['node', '-p', '6 * 7'])).toBe('42\n')
    expect(await world.run(digest, { env: ['FAIRWAY_PROCESS=none'] })).toEqual({
      output: 'The build has no process "none"; it has: web, job. Name it in the Procfile.\n',
      exitCode: 127,
    })
    expect(JSON.stringify(await world.engine.getImage(digest).history())).not.toContain('us all')
  })

  it.each([
    ['pnpm', 'pnpm-lock.yaml', PNPM_LOCK],
    ['yarn', 'yarn.lock', YARN_4_LOCK],
  ])(
    'installs by %s what its lock file names, without development dependencies',
    async (name, file, lock) => {
      const build = `${name} run inner && node -e "require('is-number')"`
      const inner = `${name} --version > seen`
      await world.files({
        'package.json': packageWith({ scripts: { build, inner, start: 'semver 1.2.3' } }),
        [file]: lock,
        'bun.lock': '',
      })
      const { digest } = await world.builder().build(world.request())
      expect((await world.run(digest)).output).toBe('1.2.3\n')
      const look = `ls node_modules; cat seen; node -p 'require("semver/package.json").version'`
      const { output } = await world.run(digest, { cmd: ['sh', '-c', look] })
      expect(output).toMatch(/^semver\n\d+\.\d+\.\d+\n7\.6\.3\n$/)
      expect(world.lines.join('\n')).toContain(`${file} is used, bun.lock is ignored`)
    },
  )

  it('does not build when a lock file does not fit package.json, and shows what pnpm says', async () => {
    await world.files({
      'package.json': packageWith({ dependencies: { semver: '7.6.2' }, scripts: { start: 'true' } }),
      'pnpm-lock.yaml': PNPM_LOCK,
    })
    await expect(world.builder().build(world.request())).rejects.toMatchObject({
      code: 'build_failed',
      message: expect.stringContaining('ERR_PNPM_OUTDATED_LOCKFILE'),
    })
  })

  it('builds the example shop with its dependencies', async () => {
    await cp(SHOP, world.directory, { recursive: true })
    const { digest, processes } = await world.builder().build(world.request())
    expect(Object.keys(processes)).toContain('web')
    const { output } = await world.run(digest, { cmd: ['node', '--check', 'server.js'] })
    expect(output).toBe('')
    expect((await world.run(digest, { cmd: ['sh', '-c', 'ls node_modules | head -1'] })).output).not.toBe('')
  })

  it('serves a static site', async () => {
    await world.files({
      'site/index.html': '<h1>home</h1>',
      'site/docs/index.html': 'docs',
      'site/app.css': 'body {}',
      'site/404.html': 'nothing here',
      'site/.env': 'hidden',
      'outside.txt': 'outside',
    })
    const { digest } = await world.builder().build(world.request({ context: '/site' }))
    const { id, address } = await world.start(digest, { env: ['PORT=8123'] })
    const get = (path: string) => fetch(`http://${address}:8123${path}`, { redirect: 'manual' })
    const home = await vi.waitFor(() => get('/'), { timeout: 20_000, interval: 200 })
    expect([home.status, await home.text()]).toEqual([200, '<h1>home</h1>'])
    expect(home.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(await (await get('/docs/')).text()).toBe('docs')
    expect((await get('/docs')).headers.get('location')).toBe('/docs/')
    expect((await get('/app.css')).headers.get('content-type')).toBe('text/css; charset=utf-8')
    for (const path of ['/nowhere', '/.env', '/..%2foutside.txt', '/%2e%2e/etc/passwd', '/%ff'])
      expect([path, (await get(path)).status]).toEqual([path, 404])
    await world.engine.getContainer(id).stop({ t: 20 })
    const { State } = await world.engine.getContainer(id).inspect()
    expect(State.ExitCode).toBe(0)
  })

  it('says what to add when nobody knows how to build the code', async () => {
    await world.files({ 'main.c': 'int main() {}' })
    await expect(world.builder().build(world.request())).rejects.toMatchObject({
      code: 'build_failed',
      message: expect.stringContaining('Add a Dockerfile'),
    })
  })

  it('says that the pack command is missing when buildpacks are asked for', async () => {
    const programFolders = ['/nonexistent']
    const buildpack = { locators: [], useCache: true }
    const building = world.builder({ programFolders }).build(world.request({ buildpack }))
    await expect(building).rejects.toMatchObject({
      code: 'build_failed',
      message: expect.stringContaining('the pack command is not installed'),
    })
  })

  it('says that the docker command is missing', async () => {
    await world.files({ Dockerfile: 'FROM scratch\n' })
    const building = world.builder({ programFolders: [join(world.root, 'none')] }).build(world.request())
    await expect(building).rejects.toMatchObject({
      code: 'build_failed',
      message: expect.stringContaining('there is no docker command'),
    })
  })
})
