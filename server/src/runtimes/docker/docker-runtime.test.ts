import { describe, expect, test } from 'vitest'
import { dockerHere } from '../../lib/docker/test-engine.ts'
import { runtimeContract } from '../runtime-contract.ts'
import { terminalContract } from '../terminal-contract.ts'
import { TEST_IMAGE, withRuntime } from './docker-test-world.ts'
import { LABEL } from './labels.ts'

describe.skipIf(!dockerHere)('the Docker runtime', () => {
  runtimeContract(withRuntime)
  terminalContract(withRuntime)

  test('lists instances only, not the containers of addons', () =>
    withRuntime(async ({ runtime, program, engine, installation }) => {
      const Labels = { [LABEL.installation]: installation }
      const addon = await engine.createContainer({ Image: TEST_IMAGE, Cmd: ['sleep', '100'], Labels })
      await addon.start()
      await runtime.start(program('one', 'setInterval(() => {}, 1000)'))
      expect((await runtime.list()).map(({ id }) => id)).toEqual(['one'])
    }))

  test('a command runs as the user asked for, on a terminal and without', () =>
    withRuntime(async ({ runtime, program }) => {
      await runtime.start(program('one', 'setInterval(() => {}, 1000)'))
      for (const tty of [undefined, { columns: 80, rows: 24 }]) {
        let said = ''
        const request = { command: ['id', '-u'], user: '1234', ...(tty !== undefined && { tty }) }
        for await (const event of runtime.exec('one', request))
          if (event.type === 'stdout') said += Buffer.from(event.chunk).toString()
        expect(said.trim()).toBe('1234')
      }
    }))
})
