import type { ActionSpec } from '@fairway/contract/nodes/action'
import { pickJobInstance, pickServiceInstance } from '../../db/awaited.ts'
import type { Tx } from '../../db/db.ts'
import { done, failed, type NodeResult } from '../model.ts'
import type { NodeDeps, StepContext, StepResult } from '../node.ts'
import { splitWords } from './split-words.ts'

export type ExecState = { runtimeId: string; command: string[]; dispatchOnly: boolean }

type Data = {
  command: string
  shell?: string | undefined
  user?: string | undefined
  group?: string | undefined
  options?: { dispatchOnly?: boolean | undefined } | undefined
}
type Request = { kind: 'service' | 'job'; id: string; data: Data }
type Answer = { exitCode: number; output: string }

const SHOWN_OUTPUT = 4000
const LONGEST_SECONDS = 14_400

/** Runs a command in a running instance. Any exit code but 0 is a definite failure. */
export async function execStep(
  tx: Tx,
  { run, state, acted }: StepContext<unknown, unknown>,
  { kind, id, data }: Request,
): Promise<StepResult> {
  if (acted?.is === 'answer') return resultOf(acted.value as Answer, state as ExecState)
  if (acted?.is === 'lost')
    return failed(
      'runtime_failed',
      'The server stopped while the command ran, so its result is not known. Look what it did, then retry the run.',
    )
  if (data.user !== undefined || data.group !== undefined)
    return failed('not_supported', 'Commands run as the user of the instance: remove user and group.')
  const pick = kind === 'service' ? pickServiceInstance : pickJobInstance
  const runtimeId = await pick(tx, run.project_id, id)
  if (runtimeId === undefined)
    return failed('invalid_state', `No instance of ${kind} "${id}" runs that could execute the command.`)
  const words = data.shell === undefined ? splitWords(data.command) : [data.shell, '-c', data.command]
  const [program] = words
  if (program === undefined) return failed('invalid_request', 'command: must name a program.')
  const next: ExecState = {
    runtimeId,
    command: words,
    dispatchOnly: data.options?.dispatchOnly ?? false,
  }
  return { is: 'act', state: next }
}

export async function execAct(
  { state, secondsLeft }: StepContext<ActionSpec, ExecState>,
  { exec, mask }: NodeDeps,
  signal: AbortSignal,
): Promise<Answer> {
  if (state === null) throw new Error('broken invariant: a command without its state')
  const { runtimeId, command } = state
  const timeoutMs = Math.min(secondsLeft, LONGEST_SECONDS) * 1000
  const { exitCode, output } = await exec(runtimeId, { command, timeoutMs, signal })
  // jsonb holds no NUL.
  return { exitCode, output: mask(output.replaceAll('\u0000', '')).slice(-SHOWN_OUTPUT) }
}

function resultOf({ exitCode, output }: Answer, { runtimeId, dispatchOnly }: ExecState): NodeResult {
  if (exitCode === 0 || dispatchOnly) return done({ id: runtimeId, exitCode, output })
  const said = output.trim() === '' ? 'It wrote nothing.' : `Its last output:\n${output.trim()}`
  return failed('job_failed', `The command exited with ${exitCode}. ${said}`)
}
