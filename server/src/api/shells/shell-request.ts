import { FairwayError } from '@fairway/contract/errors'
import type { ShellContext } from '@fairway/contract/shell'
import { splitCommand } from '../../lib/split-command.ts'

/** Bash where there is one: a plain shell has no history and no completion. */
const ANY_SHELL = ['/bin/sh', '-c', 'command -v bash >/dev/null 2>&1 && exec bash; exec sh']

/** The words to run. A command without a shell is split at spaces, quotes kept; with one, the shell reads it. */
export function wordsOf({ command, shell }: Pick<ShellContext, 'command' | 'shell'>): string[] {
  const words = shell === undefined || shell === 'none' ? [] : split(shell)
  if (command === undefined) return words.length > 0 ? words : ANY_SHELL
  if (words.length > 0) return [...words, typeof command === 'string' ? command : command.join(' ')]
  return typeof command === 'string' ? split(command) : [...command]
}

function split(text: string): string[] {
  const words = splitCommand(text)
  if (words.length > 0) return [...words]
  throw new FairwayError(
    'invalid_request',
    'The command is empty. Say what to run, or leave it out for a shell.',
  )
}

/** Existing clients give a size where they stand on a terminal. */
export const wantsTerminal = ({ tty, ttyColumns, command }: ShellContext): boolean =>
  tty ?? (ttyColumns !== undefined || command === undefined)

/** `user`, `user:group` or nothing. */
export function userOf({ user, group }: Pick<ShellContext, 'user' | 'group'>): string | undefined {
  if (group === undefined) return user
  if (user !== undefined) return `${user}:${group}`
  throw new FairwayError('invalid_request', 'A group needs a user. Name both.')
}
