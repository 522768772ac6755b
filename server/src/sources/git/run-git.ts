import { homedir } from 'node:os'
import { delimiter, dirname } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import { execa } from 'execa'

export type GitCall = {
  args: readonly string[]
  cwd?: string
  signal?: AbortSignal | undefined
  input?: string | undefined
  /** Further variables of the git process alone: how to sign in. */
  env?: Readonly<Record<string, string>> | undefined
}

/** How a git process ended; `stderr` may be shown. */
export type GitResult = { ok: boolean; stdout: string; stderr: string }

const OPTIONS = [
  ['safe.directory', '*'],
  ['core.hooksPath', '/dev/null'],
  ['credential.helper', ''],
  ['protocol.ext.allow', 'never'],
  ['advice.detachedHead', 'false'],
  ['gc.auto', '0'],
].flatMap(([name, value]) => ['-c', `${name}=${value}`])

/**
 * Runs git without a shell, without prompts, and without anybody's configuration or hooks. A failure of git is
 * answered; an abort raises `aborted`.
 */
export async function runGit({ args, cwd, signal, input, env }: GitCall): Promise<GitResult> {
  const result = await execa('git', [...OPTIONS, ...args], {
    ...(cwd !== undefined && { cwd }),
    ...(signal !== undefined && { cancelSignal: signal }),
    env: { ...gitEnvironment(), ...env },
    extendEnv: false,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    stripFinalNewline: input === undefined,
    reject: false,
    maxBuffer: 64 * 1024 * 1024,
    forceKillAfterDelay: 2000,
  })
  if (signal?.aborted) throw new FairwayError('aborted', 'Reading the repository was aborted.')
  if (result.code === 'ENOENT') {
    throw new FairwayError('repository_unreachable', 'git is not installed on this machine. Install git.')
  }
  return { ok: !result.failed, stdout: result.stdout, stderr: result.stderr }
}

// Nothing of the server's own environment: it holds secrets, and git's variables could bring configuration.
const gitEnvironment = (): Record<string, string> => ({
  PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
  HOME: homedir(),
  GIT_TERMINAL_PROMPT: '0',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ALLOW_PROTOCOL: 'https:ssh:git:file:http',
  GIT_SSH_COMMAND: 'ssh -o BatchMode=yes -o ConnectTimeout=15',
  LC_ALL: 'C',
})
