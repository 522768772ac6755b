import { mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { dockerHere } from '../../lib/docker/test-engine.ts'
import { exited, inspected, line, run, withRuntime } from './docker-test-world.ts'
import { isInMemory } from './secrets-folder.ts'

const FOREVER = 'setInterval(() => {}, 1000)'
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const SECRET = 'planted-secret-value'

describe.skipIf(!dockerHere)('a container of an instance', () => {
  test('has its secret files in memory only: nothing the engine tells or keeps of it holds them', () =>
    withRuntime(async ({ runtime, program, engine, installation, secretsFolder }) => {
      const files = [
        { path: '/etc/app/deep/key', contentBase64: base64(SECRET) },
        { path: '/etc/passwd.extra', contentBase64: base64(`2 ${SECRET}`), mode: 0o444 },
      ]
      const source = `const { readFileSync: r } = require('node:fs'); console.log(r('/etc/app/deep/key', 'utf8') === '${SECRET.slice(0, 7)}' + '${SECRET.slice(7)}', r('/etc/passwd.extra', 'utf8').length, r('/etc/passwd', 'utf8').includes('root')); ${FOREVER}`
      await runtime.start(program('one', source, { files, user: 'node' }))
      expect(await line(runtime, 'one')).toBe(`true ${SECRET.length + 2} true`)
      const seen = await inspected(engine, installation, 'one')
      expect(JSON.stringify(seen)).not.toContain(SECRET)
      const layer: string[] = []
      const archive = await engine.getContainer(seen.Id).export()
      for await (const chunk of archive) layer.push(Buffer.from(chunk).toString('latin1'))
      expect(layer.join('')).not.toContain(SECRET)
      expect(await isInMemory(secretsFolder)).toBe(true)
      await runtime.stop('one', 0)
      await runtime.remove('one')
      expect(readdirSync(secretsFolder)).toEqual([])
    }))

  test.each(['/../../x', '/a/../../b', '/', '/etc/', '/proc/1/mem', '/sys/x', '/dev/null', '/a\0b'])(
    'is not made with a secret file at %j',
    (path) =>
      withRuntime(async ({ runtime, program }) => {
        const spec = program('one', FOREVER, { files: [{ path, contentBase64: '' }] })
        await expect(runtime.start(spec)).rejects.toMatchObject({ code: 'invalid_path' })
        expect(await runtime.list()).toEqual([])
      }),
  )

  test('is told its variables by the engine alone, and none is in its command, labels or image', () =>
    withRuntime(async ({ runtime, program, engine, installation }) => {
      await runtime.start(program('one', FOREVER, { env: { TOKEN: SECRET } }))
      const { Config, Path, Args, Name, Image } = await inspected(engine, installation, 'one')
      expect(Config.Env).toContain(`TOKEN=${SECRET}`)
      const rest = { ...Config, Env: [], Path, Args, Name, image: await engine.getImage(Image).inspect() }
      expect(JSON.stringify(rest)).not.toContain(SECRET)
    }))

  test('runs the entry point and the command it was given', () =>
    withRuntime(async ({ runtime, program }) => {
      const entrypoint = ['/bin/echo', 'from the entry point']
      await runtime.start(program('one', '', { entrypoint, command: ['and the command'] }))
      expect(await line(runtime, 'one')).toBe('from the entry point and the command')
    }))

  test('runs as the user it was given, and cannot gain rights', () =>
    withRuntime(async ({ runtime, program }) => {
      const source = `const s = require('node:fs').readFileSync('/proc/self/status', 'utf8'); console.log([process.getuid(), process.getgid(), /NoNewPrivs:\\s(\\d)/.exec(s)[1], /CapBnd:\\s(\\S+)/.exec(s)[1]].join(' '))`
      await runtime.start(program('one', source, { user: '1000:1000' }))
      // CHOWN 0, DAC_OVERRIDE 1, FOWNER 3, FSETID 4, KILL 5, SETGID 6, SETUID 7, NET_BIND_SERVICE 10.
      expect(await line(runtime, 'one')).toBe('1000 1000 1 00000000000004fb')
    }))

  test('cannot write to its root when that is read-only, but has a place for temporary files', () =>
    withRuntime(async ({ runtime, program }) => {
      const source = `const { writeFileSync: w } = require('node:fs'); w('/tmp/x', 'x'); try { w('/x', 'x') } catch (e) { console.log(e.code) }; ${FOREVER}`
      const files = [{ path: '/etc/key', contentBase64: base64('k') }]
      await runtime.start(program('one', source, { readOnlyRoot: true, files }))
      expect(await line(runtime, 'one')).toBe('EROFS')
      const { stdout } = await run(runtime, 'one', { command: ['cat', '/etc/key'] })
      expect(stdout).toBe('k')
    }))

  test('that uses more memory than it may is ended, and it is told why', () =>
    withRuntime(async ({ runtime, program }) => {
      const source = 'const a = []; for (;;) a.push(Buffer.alloc(1e7, 1))'
      await runtime.start(program('one', source, { limits: { memoryMb: 96 } }))
      expect(await exited(runtime, 'one')).toMatchObject({ signal: 'OOM', exitCode: 137 })
    }))

  test('gets the processes and the shared memory it may have', () =>
    withRuntime(async ({ runtime, program }) => {
      await runtime.start(program('one', FOREVER, { limits: { shmMb: 100, pids: 100, cpuMillis: 500 } }))
      const { stdout } = await run(runtime, 'one', {
        command: [
          'sh',
          '-c',
          'df -k /dev/shm | tail -1; cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null',
        ],
      })
      expect(stdout).toMatch(/\s102400\s/)
      expect(stdout.trim().split('\n').at(-1)).toBe('100')
    }))

  test('that needs a user, bundle or volume that is not there is refused in words, and nothing is left', () =>
    withRuntime(async ({ runtime, program, engine, installation, secretsFolder }) => {
      const files = [{ path: '/k', contentBase64: '' }]
      const refused = (change: object) =>
        expect(runtime.start(program('one', '', { files, ...change }))).rejects
      await refused({ user: 'nobody-knows' }).toThrow(/does not know the user/)
      await refused({ artifact: { kind: 'bundle', digest: 'sha256:0', path: '/x' } }).toThrow(
        /Build the commit again/,
      )
      await refused({ volumes: [{ name: `${installation}-none`, path: '/data' }] }).toThrow(
        /is not on this engine/,
      )
      await refused({ env: { 'A=B': 'x' } }).toThrow(/"A" cannot be given/)
      expect(await runtime.list()).toEqual([])
      expect(
        await engine.listContainers({
          all: true,
          filters: { label: [`fairway.installation=${installation}`] },
        }),
      ).toEqual([])
      expect(readdirSync(secretsFolder)).toEqual([])
    }))

  test('that has not the program it should run ends at once, and its log says so', () =>
    withRuntime(async ({ runtime, program }) => {
      await runtime.start(program('one', '', { entrypoint: ['no-such-program'] }))
      expect(await exited(runtime, 'one')).toMatchObject({ exitCode: 127 })
      expect(await line(runtime, 'one')).toContain('exec no-such-program failed')
    }))

  test('keeps its volume, and a folder of one, beyond its own life; a link cannot lead out of it', () =>
    withRuntime(async ({ runtime, program, engine, installation }) => {
      const name = `fairway-${installation}`
      await engine.createVolume({ Name: name, Labels: { 'fairway.installation': installation } })
      const volume = engine.getVolume(name)
      try {
        const write = `require('node:fs').mkdirSync('/data/a', { recursive: true }); require('node:fs').writeFileSync('/data/a/b', 'kept')`
        await runtime.start(program('one', write, { volumes: [{ name, path: '/data' }] }))
        await exited(runtime, 'one')
        await runtime.remove('one')
        const read = `console.log(require('node:fs').readFileSync('/in/b', 'utf8'))`
        await runtime.start(program('two', read, { volumes: [{ name, path: '/in', subPath: 'a' }] }))
        expect(await line(runtime, 'two')).toBe('kept')
        const { Mountpoint } = await volume.inspect()
        mkdirSync(join(Mountpoint, 'c'))
        symlinkSync('/etc', join(Mountpoint, 'c', 'out'))
        for (const subPath of ['c/out', '../x', 'a/b'])
          await expect(
            runtime.start(program('three', read, { volumes: [{ name, path: '/in', subPath }] })),
          ).rejects.toMatchObject({ code: 'invalid_path' })
        await runtime.remove('two')
      } finally {
        for (const { id } of await runtime.list()) await runtime.remove(id)
        await volume.remove()
      }
    }))
})
