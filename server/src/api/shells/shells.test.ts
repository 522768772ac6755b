import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { until } from '../../lib/test-until.ts'
import { withRuntime } from '../../runtimes/process/process-test-world.ts'
import { commandLines } from '../../runtimes/runtime-contract.ts'
import { type TestApi, withTestApi } from '../test-api.ts'
import type { ShellLimits } from './shell-session.ts'

const WEB = '/v1/command-exec/projects/shop/services/web'
const TERMINAL = { tty: true, ttyColumns: 91, ttyRows: 31, shell: 'sh' }

type Message = { type: string; data: Record<string, unknown> & string }

class Line {
  readonly socket: WebSocket
  readonly messages: Message[] = []
  closed: number | undefined

  constructor(api: TestApi, path = WEB, origin?: string) {
    this.socket = new WebSocket(api.url.replace('http', 'ws') + path, origin === undefined ? {} : { origin })
    this.socket.on('message', (data) => this.messages.push(JSON.parse(data.toString()) as Message))
    this.socket.on('close', (code) => {
      this.closed = code
    })
    this.socket.on('error', (error) => {
      this.messages.push({ type: 'refused', data: error.message as never })
    })
  }

  async open(token: string, context: object = TERMINAL): Promise<Message> {
    await until('the connection', async () => this.socket.readyState === WebSocket.OPEN)
    this.say('init', { auth: { type: 'apiToken', apiToken: token }, context })
    return this.first('init')
  }

  say(type: string, data?: unknown): void {
    this.socket.send(JSON.stringify({ type, data }))
  }

  type(text: string): void {
    this.say('payload', text)
  }

  first(type: string): Promise<Message> {
    return until(`a message ${type}`, async () => this.messages.find((one) => one.type === type))
  }

  text(type = 'stdOut'): string {
    return this.messages.flatMap((one) => (one.type === type ? [one.data] : [])).join('')
  }

  shows(text: string): Promise<boolean> {
    return until(`"${text}"`, async () => this.text().includes(text))
  }
}

type World = { api: TestApi; line(path?: string, origin?: string): Line; stop(): Promise<unknown> }

/** A service with one instance that really runs. */
const withShells = (
  work: (world: World) => Promise<void>,
  shells: Partial<ShellLimits> = {},
): Promise<void> =>
  withRuntime(async ({ runtime, program }) => {
    await runtime.start(program('i1.1', 'setInterval(() => {}, 1000)', { env: { COLOUR: 'teal' } }))
    const streams = { instanceLogs: none, buildLogs: none, exec: runtime.exec.bind(runtime) }
    await withTestApi(
      async (api) => {
        await api.ok('POST', '/v1/projects', { name: 'shop' })
        await api.ok('POST', '/v1/projects/shop/services/deployment', {
          name: 'web',
          billing: { deploymentPlan: 'nf-compute-20' },
          deployment: { instances: 1, external: { imagePath: 'nginx:1.27' } },
        })
        await api.db
          .insertInto('instance')
          .values({
            id: 'i1',
            project_id: 'shop',
            service_id: 'web',
            revision_id: '00000000-0000-4000-8000-000000000000',
            state: 'running',
            ready: true,
            attempt: 1,
          })
          .execute()
        await work({
          api,
          line: (path, origin) => new Line(api, path, origin),
          stop: () => runtime.stop('i1.1', 0),
        })
      },
      { deps: { streams }, shells },
    )
  })

async function* none(): AsyncGenerator<never> {
  yield* []
}

const events = (api: TestApi) =>
  api.db
    .selectFrom('event')
    .select(['type', 'actor', 'data', 'subject'])
    .where('type', 'like', 'shell.%')
    .orderBy('id')
    .execute()

describe('a shell over a WebSocket', () => {
  test('takes what is typed, follows the size, ends a program at control-C and tells the exit code', () =>
    withShells(async ({ api, line }) => {
      const shell = line()
      expect((await shell.open(api.tokens.write)).data).toEqual({ auth: 'successful', instance: 'i1' })
      shell.type('stty size; echo it is $COLOUR\n')
      await shell.shows('31 91\r\n')
      await shell.shows('it is teal\r\n')
      shell.say('resize', { ttyColumns: 120, ttyRows: 40 })
      await until('the later size', async () => {
        shell.type('stty size\n')
        return shell.text().includes('40 120\r\n')
      })
      shell.type('echo be""fore; sleep 1000\n')
      await shell.shows('before\r\n')
      await until('control-C', async () => {
        shell.type('\u0003')
        shell.type('echo aft""er\n')
        return shell.text().includes('after\r\n')
      })
      shell.type('exit 5\n')
      expect((await shell.first('completion')).data).toMatchObject({ exitCode: 5, status: 'Failure' })
      await until('the close', async () => shell.closed === 1000)
    }))

  test('is refused without a good token, to a reader, for another page, and where nothing runs', () =>
    withShells(async ({ api, line }) => {
      expect((await line().open('wrong')).data).toMatchObject({
        auth: 'failed',
        message: expect.stringContaining('not known'),
      })
      expect((await line().open(api.tokens.read)).data).toMatchObject({
        auth: 'failed',
        message: expect.stringContaining('"write"'),
      })
      const gone = await line().open(api.tokens.write, { ...TERMINAL, instanceName: 'i0' })
      expect(gone.data.message).toMatch(/has ended or was replaced/)
      expect(await line(WEB, 'https://evil.example').first('refused')).toMatchObject({
        data: expect.stringContaining('403'),
      })
      expect(await line('/v1/command-exec/elsewhere').first('refused')).toMatchObject({
        data: expect.stringContaining('404'),
      })
      expect((await line(WEB, api.url).open(api.tokens.write)).data.auth).toBe('successful')
      expect(await events(api)).toHaveLength(1)
    }))

  test('what runs in it ends when the socket closes', () =>
    withShells(async ({ api, line }) => {
      const mark = `mark-${randomUUID()}`
      const runs = () => commandLines().some((words) => words.includes(mark))
      const shell = line()
      await shell.open(api.tokens.write)
      shell.type(`sh -c 'sleep 1000; true' ${mark} & echo up; sleep 1000\n`)
      await until('it to run', async () => runs())
      shell.socket.terminate()
      await until('it to end', async () => !runs())
    }))

  test('a shell ends with its instance, and says so', () =>
    withShells(async ({ api, line, stop }) => {
      const shell = line()
      await shell.open(api.tokens.write)
      await stop()
      await until('the close', async () => shell.closed !== undefined)
      expect(shell.messages.at(-1)?.type).toBe('completion')
    }))

  test('opens in the run of a job that runs, by its id, and not in one that has ended', () =>
    withShells(async ({ api, line }) => {
      await api.ok('POST', '/v1/projects/shop/jobs/manual', {
        name: 'migrate',
        billing: { deploymentPlan: 'nf-compute-20' },
        deployment: { external: { imagePath: 'nginx:1.27' } },
      })
      const id = randomUUID()
      const run = { id, project_id: 'shop', job_id: 'migrate', run_name: 'migrate-1', trigger: 'manual' }
      await api.db
        .insertInto('job_run')
        .values({ ...run, status: 'RUNNING', instance_id: 'i1.1' } as never)
        .execute()
      const path = '/v1/command-exec/projects/shop/jobs/migrate'
      const shell = line(path)
      expect((await shell.open(api.tokens.write, { ...TERMINAL, instanceName: id })).data.auth).toBe(
        'successful',
      )
      shell.type('exit 0\n')
      await shell.first('completion')
      await api.db.updateTable('job_run').set({ status: 'SUCCESS' }).execute()
      expect((await line(path).open(api.tokens.write)).data.message).toMatch(/No instance of "migrate" runs/)
    }))

  test('two at once do not see each other, and one more than allowed is refused', () =>
    withShells(
      async ({ api, line }) => {
        const [one, two, three] = [line(), line(), line()]
        await one.open(api.tokens.write)
        await two.open(api.tokens.write)
        expect((await three.open(api.tokens.write)).data.message).toMatch(/2 shells are open already/)
        one.type('echo first-"one"\n')
        two.type('echo second-"one"\n')
        await one.shows('first-one')
        await two.shows('second-one')
        expect(one.text()).not.toContain('second-one')
        one.socket.close()
        await until('its place', async () => (await line().open(api.tokens.write)).data.auth === 'successful')
      },
      { most: 2 },
    ))

  test('is closed when nothing happens, when its token is revoked, and when nobody says who they are', () =>
    withShells(
      async ({ api, line }) => {
        const idle = line()
        await idle.open(api.tokens.write)
        expect((await idle.first('error')).data.message).toMatch(/nothing happened/)
        expect((await line().first('init')).data).toMatchObject({ auth: 'failed' })
        const revoked = line()
        await revoked.open(api.tokens.write)
        const busy = setInterval(() => revoked.type('\n'), 100)
        await api.db.deleteFrom('token').where('name', '=', 'test-write').execute()
        expect((await revoked.first('error')).data.message).toMatch(/not known/)
        clearInterval(busy)
      },
      { idleMs: 700, openMs: 300, recheckMs: 100 },
    ))

  test('a command without a terminal keeps its two outputs apart and reads its input to the end', () =>
    withShells(async ({ api, line }) => {
      const command = line()
      await command.open(api.tokens.write, { command: 'sh -c "cat; echo no >&2"', shell: 'none' })
      command.type('grüße')
      command.say('stdInEnd')
      expect((await command.first('completion')).data).toMatchObject({ exitCode: 0, status: 'Success' })
      expect(command.text()).toBe('grüße')
      expect(command.text('stdErr')).toBe('no\n')
    }))

  test('who opened it where is recorded, and nothing of what was typed or shown', () =>
    withShells(async ({ api, line }) => {
      const shell = line()
      await shell.open(api.tokens.write)
      shell.type('echo planted-word; exit 3\n')
      await shell.first('completion')
      const seen = await until('both events', async () => (await events(api)).length === 2 && events(api))
      expect(seen).toMatchObject([
        { type: 'shell.open', actor: 'test-write', subject: 'shop/web', data: { instance: 'i1' } },
        { type: 'shell.close', actor: 'test-write', data: { instance: 'i1', exitCode: 3 } },
      ])
      expect(JSON.stringify(seen)).not.toContain('planted-word')
    }))
})
