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

  test(
    'creates an addon and secrets, writes a release flow, runs it and reads its runs',
    () =>
      withFairway(async ({ fairway, call, folder }) => {
        const repository = createTinyRepository(join(folder, 'repository'))
        repository.commit('one', 'good')
        await setUpTiny(call, repository.url)
        await call('PUT', `/projects/${TINY}/pipelines`, {
          name: 'tiny',
          stages: [{ name: 'Production', nfObjects: [{ id: 'web', type: 'service' }] }],
        })
        const cli = async (...args: string[]): Promise<Record<string, unknown>> => {
          const { stdout } = await run(process.execPath, [CLI, ...args, '--output', 'json'], {
            env: { ...process.env, HOME: folder },
          })
          return stdout.trim() === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>)
        }
        const login = ['login', '--host', fairway.url, '--token', fairway.token()]
        await run(process.execPath, [CLI, ...login], { env: { ...process.env, HOME: folder } })
        const inTiny = ['--projectId', TINY]

        const billing = { deploymentPlan: 'nf-compute-20', storage: 4096, replicas: 1 }
        const addon = { name: 'database', type: 'postgresql', version: 'latest', billing }
        await cli('create', 'addon', ...inTiny, '--input', JSON.stringify(addon))
        const secret = {
          name: 'settings',
          secretType: 'environment',
          priority: 10,
          secrets: { variables: { A: 'b' } },
        }
        await cli('create', 'secret', ...inTiny, '--input', JSON.stringify(secret))
        expect(JSON.stringify(await cli('list', 'addons', ...inTiny))).toContain('database')
        expect(JSON.stringify(await cli('list', 'secrets', ...inTiny))).toContain('settings')
        expect(await cli('get', 'addon', ...inTiny, '--addonId', 'database')).toMatchObject({
          id: 'database',
        })

        const flow = ['--pipelineId', 'tiny', '--stage', 'production']
        const build = {
          kind: 'Build',
          ref: 'build',
          spec: { id: 'builder', type: 'service', branch: 'main' },
        }
        const origin = { id: 'builder', branch: 'main', build: '${refs.build.id}' }
        const release = {
          kind: 'Release',
          spec: { type: 'build', origin, target: { id: 'web', type: 'service' } },
        }
        const document = {
          apiVersion: 'v1.2',
          spec: {
            kind: 'Workflow',
            spec: {
              type: 'sequential',
              steps: [
                { ...build, condition: 'success' },
                { ...release, condition: 'running' },
              ],
            },
          },
        }
        await cli('update', 'release-flow', ...inTiny, ...flow, '--input', JSON.stringify(document))
        const { id } = await cli('run', 'release-flow', ...inTiny, ...flow, '--input', '{"name":"By hand"}')
        const run1 = await waitFor(
          'the run to end',
          async () => {
            const now = await cli('get', 'release-flow-run', ...inTiny, ...flow, '--runId', String(id))
            return now.concluded === true && now
          },
          { deadlineMs: 60_000, everyMs: 300 },
        )
        expect(run1).toMatchObject({ name: 'By hand', status: 'success' })
        expect(JSON.stringify(await cli('list', 'release-flow-runs', ...inTiny, ...flow))).toContain(
          String(id),
        )
        await cli('delete', 'secret', ...inTiny, '--secretId', 'settings', '--force')
        expect(JSON.stringify(await cli('list', 'secrets', ...inTiny))).not.toContain('settings')
      }),
    240_000,
  )
})
