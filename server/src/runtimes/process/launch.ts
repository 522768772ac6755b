import { execFile, spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { FairwayError } from '@fairway/contract/errors'
import type { InstanceSpec } from '../../reconcile/runtime-port.ts'
import { commandOf } from './bundle-command.ts'
import { environmentOf, shellFor } from './environment.ts'
import { folderOf, type InstanceRecord, machineName } from './instance-folder.ts'

/** The shim stands beside the sources; the build copies nothing, so a built server finds it there too. */
const shim = join(dirname(fileURLToPath(import.meta.url)), '../../../src/runtimes/process/shim.sh')

/** Starts the shim in a session of its own; what it runs gets the instance's environment and nothing of ours. */
export async function launch(root: string, record: InstanceRecord, spec: InstanceSpec): Promise<void> {
  const folder = folderOf(root, record.id)
  await makePipes(folder)
  const groups = record.cgroups.map((group) => join(group, 'cgroup.procs')).join(' ')
  const env = environmentOf({ folder, name: machineName(root, record.id) }, record, spec.env)
  const [shell = '/bin/sh', ...options] = shellFor(env)
  const argv = commandOf(spec, record.directory, [shell, ...options])
  const child = spawn(shell, [...options, shim, folder, groups, ...argv], {
    cwd: record.directory,
    env,
    detached: true,
    stdio: 'ignore',
  })
  await spawned(child)
  child.unref()
}

function spawned(child: ReturnType<typeof spawn>): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (cause) =>
      reject(
        new FairwayError('runtime_failed', `The instance cannot be started: ${cause.message}`, { cause }),
      ),
    )
  })
}

const run = promisify(execFile)

async function makePipes(folder: string): Promise<void> {
  for (const name of ['stdout', 'stderr']) {
    try {
      await run('mkfifo', ['-m', '600', join(folder, name)])
    } catch (error) {
      if (!String((error as { stderr?: string }).stderr).includes('exists')) throw error
    }
  }
}
