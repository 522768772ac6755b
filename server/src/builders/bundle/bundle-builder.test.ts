import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { noCrashPoints } from '../../lib/crash-point.ts'
import type { BuildRequest } from '../../reconcile/builder-port.ts'
import { createBundleBuilder } from './bundle-builder.ts'
import { removeReadOnly } from './bundle-store.ts'

let root = ''
let directory = ''
let lines: string[] = []

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fairway-bundle-'))
  directory = join(root, 'checkout')
  await mkdir(directory)
  lines = []
})
afterEach(() => removeReadOnly(root))

const builder = (timeoutSeconds = 60) =>
  createBundleBuilder({
    root: join(root, 'artifacts'),
    npmCache: join(root, 'npm-cache'),
    timeoutSeconds,
    crash: noCrashPoints,
  })

async function files(tree: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(tree)) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), text)
  }
}

const request = (change: Partial<BuildRequest> = {}): BuildRequest => ({
  owner: { projectId: 'test', ownerId: 'app' },
  secrets: {},
  limits: {},
  context: '/',
  checkout: { directory, sha: 'a'.repeat(40), branch: 'main', message: '', cleanUp: async () => undefined },
  arguments: {},
  files: [],
  log: (line) => void lines.push(line),
  signal: new AbortController().signal,
  ...change,
})

const pathOf = async (digest: string): Promise<string> => {
  const artifact = await builder().locate(digest)
  if (artifact?.kind !== 'bundle') throw new Error(`no bundle ${digest}`)
  return artifact.path
}

const pack = (content: object) => ({
  'package.json': JSON.stringify({ name: 'app', version: '1.0.0', ...content }),
})
const left = () => readdir(join(root, 'artifacts', 'staging'))
const alive = (pid: number) => existsSync(`/proc/${pid}`)

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('waited too long')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('the bundle builder', () => {
  it('stores a package without dependencies as it is, without npm, read-only, and once', async () => {
    await files({ ...pack({ scripts: { start: 'node server.js' } }), 'server.js': '1', '.git/HEAD': 'x' })
    const built = await builder().build(request())
    expect(built).toMatchObject({ kind: 'bundle', processes: { web: 'node server.js' } })
    expect(lines).toEqual([])
    const path = await pathOf(built.digest)
    expect(path).toBe(join(root, 'artifacts', built.digest.replace(':', '/')))
    expect((await readdir(path)).sort()).toEqual(['fairway-bundle.json', 'package.json', 'server.js'])
    expect(JSON.parse(await readFile(join(path, 'fairway-bundle.json'), 'utf8'))).toEqual({
      processes: { web: 'node server.js' },
    })
    expect((await stat(path)).mode & 0o222).toBe(0)
    expect((await stat(join(path, 'server.js'))).mode & 0o222).toBe(0)
    expect((await builder().build(request())).digest).toBe(built.digest)
    expect(await left()).toEqual([])
  })

  it('gives another digest to another content, name, executable bit or start command', async () => {
    const digests = new Set<string>()
    const trees = [
      { a: '1', Procfile: 'web: a' },
      { a: '2', Procfile: 'web: a' },
      { b: '2', Procfile: 'web: a' },
      { b: '2', Procfile: 'web: b' },
    ]
    for (const tree of trees) {
      await rm(directory, { recursive: true })
      await files(tree)
      digests.add((await builder().build(request())).digest)
    }
    expect(digests.size).toBe(4)
  })

  it('installs a local dependency, runs the build script, and prunes what only the build needs', async () => {
    await files({
      ...pack({
        dependencies: { used: 'file:./packages/used' },
        devDependencies: { tool: 'file:./packages/tool' },
        scripts: {
          build: "node -e \"require('fs').writeFileSync('out', require('tool') + process.env.WHO)\"",
        },
      }),
      'packages/used/package.json': '{"name":"used","version":"1.0.0","main":"m.js"}',
      'packages/used/m.js': 'module.exports = 1',
      'packages/tool/package.json': '{"name":"tool","version":"1.0.0","main":"m.js"}',
      'packages/tool/m.js': 'module.exports = "built for "',
      Procfile: 'web: node x.js\nworker: node y.js',
    })
    const built = await builder().build(request({ arguments: { WHO: 'us', NODE_ENV: 'production' } }))
    const path = await pathOf(built.digest)
    expect(await readFile(join(path, 'out'), 'utf8')).toBe('built for us')
    expect(built.processes).toEqual({ web: 'node x.js', worker: 'node y.js' })
    const installed = await readdir(join(path, 'node_modules'))
    expect(installed).toContain('used')
    expect(installed).not.toContain('tool')
    expect(lines.join('\n')).toContain('Warning: there is no lock file')
  }, 60_000)

  it('runs what it builds below the priority of instances', async () => {
    const build = `node -p "'priority ' + require('os').getPriority()"`
    await files(pack({ scripts: { build, start: 'true' } }))
    await builder().build(request())
    expect(lines).toContain('priority 10')
  })

  it("never shows the server's own environment to a build", async () => {
    await files({ ...pack({ scripts: { build: 'env > seen', start: 'true' } }) })
    process.env.FAIRWAY_MASTER_KEY = 'the-master-key'
    try {
      const built = await builder().build(request({ arguments: { MINE: 'yes' } }))
      const seen = await readFile(join(await pathOf(built.digest), 'seen'), 'utf8')
      expect(seen).toContain('MINE=yes')
      expect(seen).not.toContain('the-master-key')
    } finally {
      delete process.env.FAIRWAY_MASTER_KEY
    }
  })

  it('tells the last lines of an npm that fails', async () => {
    await files(pack({ scripts: { build: 'echo it broke; exit 3', start: 'true' } }))
    const built = builder().build(request())
    await expect(built).rejects.toMatchObject({
      code: 'build_failed',
      message: expect.stringContaining('it broke'),
    })
    expect(await left()).toEqual([])
  })

  it.each(['abort', 'timeout'])(
    'leaves no process behind after an %s, not even one that left its group',
    async (how) => {
      await files(pack({ scripts: { build: 'setsid sleep 300 & echo pid $!; sleep 300', start: 'true' } }))
      const abort = new AbortController()
      const pidOf = () => Number(lines.find((line) => line.startsWith('pid '))?.slice(4))
      const built = builder(how === 'timeout' ? 3 : 60).build(request({ signal: abort.signal }))
      const failed = expect(built).rejects.toMatchObject({
        code: how === 'timeout' ? 'timed_out' : 'aborted',
      })
      await until(() => pidOf() > 0)
      if (how === 'abort') abort.abort()
      await failed
      await until(() => !alive(pidOf()))
      expect(await left()).toEqual([])
    },
    30_000,
  )

  it.each([
    ['/../..', {}],
    ['/nowhere', {}],
    ['/out', { out: '/' }],
    ['/', { out: '/etc/passwd' }],
    ['/', { out: '../../x' }],
  ])('refuses the context %s with links %j', async (context, links) => {
    await files({ Procfile: 'web: a' })
    for (const [path, target] of Object.entries(links)) await symlink(target, join(directory, path))
    await expect(builder().build(request({ context }))).rejects.toMatchObject({ code: 'invalid_path' })
  })

  it('writes build files, but neither over the repository nor out of it', async () => {
    await files({ Procfile: 'web: a' })
    const file = (path: string) => ({
      files: [{ path, contentBase64: Buffer.from('hi').toString('base64') }],
    })
    const built = await builder().build(request(file('/config/a.txt')))
    const path = await pathOf(built.digest)
    expect(await readFile(join(path, 'config/a.txt'), 'utf8')).toBe('hi')
    for (const wrong of ['/Procfile', '../x', '/']) {
      await expect(builder().build(request(file(wrong)))).rejects.toMatchObject({ code: 'invalid_path' })
    }
  })

  it('removes exactly the artifacts that are not kept', async () => {
    await files({ Procfile: 'web: a', 'folder/file': '1' })
    const first = (await builder().build(request())).digest
    await files({ Procfile: 'web: b' })
    const second = (await builder().build(request())).digest
    expect(await builder().collect(new Set([second]))).toEqual([first])
    expect(await builder().locate(first)).toBeUndefined()
    expect(await builder().locate(second)).toBeDefined()
  })

  it('sweeps what a killed server left before its first build', async () => {
    await mkdir(join(root, 'artifacts/staging/build-old/bundle'), { recursive: true })
    await files({ Procfile: 'web: a' })
    await builder().build(request())
    expect(await left()).toEqual([])
  })
})
