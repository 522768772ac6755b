import { FairwayError } from '@fairway/contract/errors'

const LINE = /^([A-Za-z0-9_-]{1,63}):\s*(\S.*)$/

/**
 * Start commands by process type. Each line is `<type>: <shell line>`; empty lines and lines that start with `#` are
 * left out. Anything else raises `build_failed` naming every wrong line.
 */
export function parseProcfile(text: string): Record<string, string> {
  const processes = new Map<string, string>()
  const problems: string[] = []
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const problem = addLine(processes, line)
    if (problem !== undefined) problems.push(`line ${index + 1} ${problem}`)
  }
  if (problems.length === 0 && processes.size === 0) problems.push('it names no process')
  if (problems.length > 0)
    throw new FairwayError('build_failed', `The Procfile is wrong: ${problems.join('; ')}.`)
  return Object.fromEntries(processes)
}

function addLine(processes: Map<string, string>, line: string): string | undefined {
  const match = LINE.exec(line)
  if (match === null) return 'is not "<process type>: <command>"'
  const [, type = '', command = ''] = match
  if (type === '__proto__') return 'uses a name that is not allowed'
  if (processes.has(type)) return `names "${type}" a second time`
  if (/\p{Cc}/u.test(command.replaceAll('\t', ' '))) return 'holds control characters'
  processes.set(type, command)
  return undefined
}
