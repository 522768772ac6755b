import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { withFairway } from './fairway/test-fairway.ts'
import { createTinyRepository } from './fairway/tiny-repository.ts'
import { buildTiny, deploymentIs, deployTiny, setUpTiny, TINY } from './fairway/tiny-setup.ts'
import { waitFor } from './fairway/wait-for.ts'

const run = promisify(execFile)
const CLI = join(dirname(createRequire(import.meta.url).resolve('@northflank/cli')), 'cli.js')

describe('the official command line against a whole Fairway', () => {
  test(
    'logs in, scales and restarts a service that runs, and deletes its project',
    () =>
      withFairway(async ({ fairway, call, folder }) => {
        const repository = createTinyRepository(join(folder, 'repository'))
        await setUpTiny(call, repository.url)
        await deployTiny(call, (await buildTiny(call, repository.commit('one', 'good'))).id)
        await deploymentIs(call, 'COMPLETED')

        const command = (args: string[]) =>
          run(process.execPath, [CLI, ...args], { env: { ...process.env, HOME: folder } })
        const cli = async (...args: string[]): Promise<Record<string, unknown>> => {
          const { stdout } = await command([...args, '--output', 'json'])
          return stdout.trim() === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>)
        }
        const web = ['--projectId', TINY, '--serviceId', 'web']
        const running = async (): Promise<string[]> => {
          const { containers } = (await cli('get', 'service', 'containers', ...web)) as {
            containers: { name: string; status: string; ready: boolean }[]
          }
          return containers
            .filter((one) => one.status === 'TASK_RUNNING' && one.ready)
            .map(({ name }) => name)
        }
        await command(['login', '--host', fairway.url, '--token', fairway.token()])

        const [first] = await running()
        await cli('scale', 'service', ...web, '--input', '{"instances":2}')
        await waitFor('two instances', async () => (await running()).length === 2, {
          deadlineMs: 30_000,
          everyMs: 200,
        })
        await cli('restart', 'service', ...web)
        await waitFor(
          'two other instances',
          async () => {
            const now = await running()
            return now.length === 2 && !now.includes(String(first))
          },
          { deadlineMs: 60_000, everyMs: 200 },
        )
        expect(await cli('get', 'service', ...web)).toMatchObject({ deployment: { instances: 2 } })

        await cli('delete', 'project', '--projectId', TINY, '--delete_child_objects', '--force')
        const projects = async () => JSON.stringify(await cli('list', 'projects'))
        await waitFor('the project to go', async () => !(await projects()).includes(TINY), {
          deadlineMs: 60_000,
          everyMs: 200,
        })
      }),
    240_000,
  )
})
