import { execFile, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { FairwayError } from '@fairway/contract/errors'
import type { InstanceSpec } from '../../reconcile/runtime-port.ts'
import { folderOf, type InstanceRecord, isAbsent } from './instance-folder.ts'

/** The shim stands beside the sources; the build copies nothing, so a built server finds it there too. */
const shim = join(dirname(fileURLToPath(import.meta.url)), '../../../src/runtimes/process/shim.sh')

/** Starts the shim in a session of its own; what it runs gets the instance's environment and nothing of ours. */
export async function launch(root: string, record: InstanceRecord, spec: InstanceSpec): Promise<void> {
  const folder = folderOf(root, record.id)
  await makePipes(folder)
  const groups = record.cgroups.map((group) => join(group, 'cgroup.procs')).join(' ')
  const argv = commandOf(spec, record.directory)
  const child = spawn('/bin/sh', [shim, folder, groups, ...argv], {
    cwd: record.directory,
    env: environmentOf(folder, record, spec),
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

/** The argument vector; a process of the bundle is a line for the shell. */
function commandOf(spec: InstanceSpec, directory: string): readonly string[] {
  if (spec.command !== undefined) return spec.command
  const processes = processesOf(directory)
  const line = processes[spec.processType]
  if (line === undefined) {
    const known = Object.keys(processes).join(', ') || 'none'
    throw new FairwayError(
      'runtime_failed',
      `The build has no process "${spec.processType}"; it has: ${known}. Name it in the Procfile.`,
    )
  }
  return ['/bin/sh', '-c', `exec ${line}`]
}

function processesOf(directory: string): Record<string, string> {
  try {
    const bundle = JSON.parse(readFileSync(join(directory, 'fairway-bundle.json'), 'utf8')) as {
      processes?: Record<string, string>
    }
    return bundle.processes ?? {}
  } catch (error) {
    if (isAbsent(error)) return {}
    throw error
  }
}

function environmentOf(folder: string, record: InstanceRecord, spec: InstanceSpec): NodeJS.ProcessEnv {
  const ports = Object.entries(record.ports)
  const named = ports.map(([name, port]) => [
    `PORT_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`,
    String(port),
  ])
  const first = ports[0]?.[1]
  return {
    PATH: [
      join(record.directory, 'node_modules/.bin'),
      dirname(process.execPath),
      '/usr/local/bin:/usr/bin:/bin',
    ].join(':'),
    HOME: join(folder, 'tmp'),
    TMPDIR: join(folder, 'tmp'),
    LANG: 'C.UTF-8',
    FAIRWAY_FILES_DIR: join(folder, 'files'),
    ...spec.env,
    ...(first !== undefined && { PORT: String(first) }),
    ...Object.fromEntries(named),
  }
}
