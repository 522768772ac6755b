import { PROCESS_VARIABLE } from '../../lib/process-variable.ts'
import { isSimpleCommand } from '../../lib/simple-command.ts'

/**
 * The entry point of generated images, for `/bin/sh`: runs the command it is given, or else the process type that
 * FAIRWAY_PROCESS names, `web` when it names none. Pure.
 */
export function startScript(processes: Readonly<Record<string, string>>): string {
  const known = Object.keys(processes).join(', ')
  const cases = Object.entries(processes).map(
    ([type, line]) =>
      `  ${type}) exec /bin/sh -c ${quoted(isSimpleCommand(line) ? `exec ${line}` : line)} ;;`,
  )
  return [
    '#!/bin/sh',
    'if [ "$#" -gt 0 ]; then exec "$@"; fi',
    `case "\${${PROCESS_VARIABLE}:-web}" in`,
    ...cases,
    `  *) echo "The build has no process \\"$${PROCESS_VARIABLE}\\"; it has: ${known}. Name it in the Procfile." >&2; exit 127 ;;`,
    'esac',
    '',
  ].join('\n')
}

/** One word for a shell, whatever it holds. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
