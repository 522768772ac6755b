import { join } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import { isSimpleCommand } from '../../lib/simple-command.ts'
import type { InstanceSpec } from '../../reconcile/runtime-port.ts'
import { readIfThere } from './instance-folder.ts'

/**
 * The argument vector of an instance: its own entry point and command, or the line of the bundle's process type for a shell.
 * `fairway-bundle.json` at the bundle's root holds `{ "processes": { "web": "node server.js" } }`.
 */
export function commandOf(
  {
    entrypoint = [],
    command = [],
    processType,
  }: Pick<InstanceSpec, 'entrypoint' | 'command' | 'processType'>,
  directory: string,
  shell: readonly string[],
): readonly string[] {
  const own = [...entrypoint, ...command]
  if (own.length > 0) return own
  const processes = processesOf(directory)
  const line = Object.hasOwn(processes, processType) ? processes[processType] : undefined
  if (line !== undefined) return [...shell, '-c', isSimpleCommand(line) ? `exec ${line}` : line]
  const known = Object.keys(processes).join(', ') || 'none'
  throw new FairwayError(
    'runtime_failed',
    `The build has no process "${processType}"; it has: ${known}. Name it in the Procfile.`,
  )
}

function processesOf(directory: string): Record<string, string> {
  const text = readIfThere(join(directory, 'fairway-bundle.json'))
  if (text === undefined) return {}
  return (JSON.parse(text) as { processes?: Record<string, string> }).processes ?? {}
}
