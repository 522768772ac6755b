import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import type { InstanceSpec } from '../../reconcile/runtime-port.ts'
import type { InstanceRecord } from './instance-folder.ts'

/** In the environment of every process of an instance, and of no other: it finds those that left the session. */
const MARKER = 'FAIRWAY_INSTANCE'

/** `name` as of `machineName`. */
export const markerOf = (name: string): string => `${MARKER}=${name}`

/** A small fixed environment, the instance's own variables over it, and the ports over those. Nothing of ours. */
export function environmentOf(
  { folder, name }: { folder: string; name: string },
  { directory, ports }: Pick<InstanceRecord, 'directory' | 'ports'>,
  env: InstanceSpec['env'],
): Record<string, string> {
  const [first] = Object.values(ports)
  return {
    PATH: [join(directory, 'node_modules/.bin'), dirname(process.execPath), SYSTEM_PATH].join(':'),
    HOME: join(folder, 'tmp'),
    TMPDIR: join(folder, 'tmp'),
    LANG: 'C.UTF-8',
    FAIRWAY_FILES_DIR: join(folder, 'files'),
    ...env,
    ...(first !== undefined && { PORT: String(first) }),
    ...Object.fromEntries(
      Object.entries(ports).map(([port, number]) => [portVariable(port), String(number)]),
    ),
    [MARKER]: name,
  }
}

const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin'

const portVariable = (name: string): string => `PORT_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`

/** Raises `invalid_request` that names the variable, never its value, for what no process can be given. */
export function checkEnvironment(env: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(env)) {
    if (name !== '' && !/[=\0]/.test(name) && !value.includes('\0')) continue
    throw new FairwayError(
      'invalid_request',
      `The variable ${JSON.stringify(name.split(/[=\0]/)[0])} cannot be given to a program. Remove NUL characters from its name and value, and "=" from its name.`,
    )
  }
}

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
const BASH = ['/bin/bash', '/usr/bin/bash', '/usr/local/bin/bash']

/**
 * The shell that hands the whole environment on: a plain `sh` may drop names with dots or dashes, bash keeps them
 * (`-p`: it takes neither functions nor start files from the environment). Raises `invalid_request` without a bash.
 */
export function shellFor(env: Readonly<Record<string, string>>): readonly string[] {
  const odd = Object.keys(env).find((name) => !PLAIN_NAME.test(name))
  if (odd === undefined) return ['/bin/sh']
  const bash = BASH.find((path) => existsSync(path))
  if (bash !== undefined) return [bash, '-p']
  throw new FairwayError(
    'invalid_request',
    `The variable "${odd}" needs bash on this machine. Install bash, or use letters, digits and underscores only.`,
  )
}
