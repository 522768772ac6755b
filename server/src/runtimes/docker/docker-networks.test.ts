import { describe, expect, test } from 'vitest'
import { ProjectNetworks } from '../../lib/docker/project-networks.ts'
import { dockerHere } from '../../lib/docker/test-engine.ts'
import type { InstanceSpec } from '../../reconcile/runtime-port.ts'
import { inspected, run, withRuntime } from './docker-test-world.ts'

const SERVER = `require('node:http').createServer((q, s) => s.end('hello')).listen(process.env.PORT)`
const FOREVER = 'setInterval(() => {}, 1000)'

const of = (projectId: string, ownerId: string): Partial<InstanceSpec> => ({
  labels: { projectId, ownerKind: 'service', ownerId, revision: 'r' },
  aliases: [ownerId],
  ports: [{ name: 'web', internalPort: 3000 }],
})

const ask = (url: string) => ({
  command: [
    'node',
    '-e',
    `fetch('${url}', { signal: AbortSignal.timeout(2000) }).then(r => r.text()).then(console.log, e => console.log('no', e.cause?.code ?? e.name)).finally(() => process.exit())`,
  ],
})

describe.skipIf(!dockerHere)('the network of a project', () => {
  test(
    'lets its services find each other by name, and keeps every other project out',
    () =>
      withRuntime(async ({ runtime, program }) => {
        const api = await runtime.start(program('api', SERVER, of('one', 'api')))
        await runtime.start(program('web', FOREVER, of('one', 'web')))
        await runtime.start(program('spy', FOREVER, of('two', 'spy')))
        const { host } = api.addresses.web!
        const fromWeb = async (url: string) => (await run(runtime, 'web', ask(url))).stdout.trim()
        const fromSpy = async (url: string) => (await run(runtime, 'spy', ask(url))).stdout.trim()
        await expect.poll(() => fromWeb('http://api:3000'), { timeout: 10_000 }).toBe('hello')
        expect(await fromWeb(`http://${host}:3000`)).toBe('hello')
        expect(await fromSpy('http://api:3000')).toMatch(/^no (ENOTFOUND|EAI_AGAIN)/)
        expect(await fromSpy(`http://${host}:3000`)).toMatch(/^no/)
      }),
    30_000,
  )

  test(
    'goes with the last instance of the project, and comes again with the next',
    () =>
      withRuntime(async ({ runtime, program, engine, installation }) => {
        const networks = async () =>
          (await engine.listNetworks({ filters: { label: [`fairway.installation=${installation}`] } })).map(
            ({ Name }) => Name,
          )
        await Promise.all(
          ['a', 'b'].map((id) => runtime.start(program(id, 'process.exit(0)', of('one', id)))),
        )
        expect(await networks()).toEqual([`fairway-${installation}-one`])
        // And in no other one, where it could meet strangers.
        const { NetworkSettings } = await inspected(engine, installation, 'a')
        expect(Object.keys(NetworkSettings.Networks)).toEqual([`fairway-${installation}-one`])
        for (const id of ['a', 'b']) await runtime.stop(id, 0)
        await runtime.remove('a')
        expect(await networks()).toHaveLength(1)
        await runtime.remove('b')
        expect(await networks()).toEqual([])
        await runtime.start(program('c', FOREVER, of('one', 'c')))
        expect(await networks()).toHaveLength(1)
      }),
    30_000,
  )

  test(
    'is there for a start that meets the removal of the last instance',
    () =>
      withRuntime(async ({ runtime, program }) => {
        for (let round = 0; round < 4; round += 1) {
          await runtime.start(program(`old-${round}`, 'process.exit(0)', of('one', 'a')))
          await runtime.stop(`old-${round}`, 0)
          const [seen] = await Promise.all([
            runtime.start(program(`new-${round}`, FOREVER, of('one', 'a'))),
            runtime.remove(`old-${round}`),
          ])
          expect(seen.state).toBe('running')
          await runtime.stop(`new-${round}`, 0)
          await runtime.remove(`new-${round}`)
        }
      }),
    60_000,
  )

  test('is never removed under who uses it, nor handed out while it is being removed', () =>
    withRuntime(async ({ engine, installation }) => {
      const networks = new ProjectNetworks(engine, installation)
      const isThere = async (name: string) =>
        (await engine.listNetworks({ filters: { name: [name] } })).some(({ Name }) => Name === name)
      for (let round = 0; round < 5; round += 1) {
        const used = await networks.use('one', async (name) => {
          await networks.release('one')
          return isThere(name)
        })
        const removal = networks.release('one')
        const after = await networks.use('one', async (name) => {
          await removal
          return isThere(name)
        })
        expect([used, after]).toEqual([true, true])
      }
    }))

  test('that nobody uses is removed at the next start of Fairway', () =>
    withRuntime(async ({ reopen, engine, installation }) => {
      const filters = { label: [`fairway.installation=${installation}`] }
      await engine.createNetwork({
        Name: `fairway-${installation}-gone`,
        Labels: { 'fairway.installation': installation, 'fairway.project': 'gone' },
      })
      await (await reopen()).close()
      expect(await engine.listNetworks({ filters })).toEqual([])
    }))

  test('shows which ports an instance really listens on', () =>
    withRuntime(async ({ runtime, program }) => {
      const source = `require('node:http').createServer().listen(4321); ${FOREVER}`
      await runtime.start(program('one', source, of('one', 'a')))
      await expect.poll(() => runtime.listeningPorts?.('one'), { timeout: 10_000 }).toEqual([4321])
    }))
})
