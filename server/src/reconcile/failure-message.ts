import type { HealthCheck } from '@fairway/contract/resources/health-check'
import type { ProbeRecord } from '../db/instances.ts'
import type { FailureCause } from './rollout-model.ts'

/** What is known of the instance for which a rollout failed. */
export type FailureEvidence = {
  instance: string | null
  restarts: number
  exit: { exitCode?: number; signal?: string; message?: string } | null
  /** The probe that did not pass, with its last answers. */
  probe: { check: HealthCheck; record: ProbeRecord } | null
  /** What the process listens on, where the runtime can tell; the port of the probe as the instance has it. */
  ports: { wanted: number; listening: number[] } | null
  logs: string[]
  deadlineSeconds: number
}

/** What the old version means to whoever reads the message. */
const AFTERWARDS = 'The last good version stays.'

/** Says in plain words why a rollout failed: which probe, its last answers, the exit, the last log lines. Pure. */
export function failureMessage(cause: FailureCause, evidence: FailureEvidence): string {
  const parts = [headline(cause, evidence), ...details(cause, evidence)]
  const logs = evidence.logs.length === 0 ? [] : ['Last log lines:', ...evidence.logs.slice(-10)]
  return [`${parts.join(' ')}${cause === 'stopped' ? '' : ` ${AFTERWARDS}`}`, ...logs].join('\n')
}

function headline(cause: FailureCause, evidence: FailureEvidence): string {
  const { exit, restarts, deadlineSeconds, instance } = evidence
  switch (cause) {
    case 'stopped':
      return 'The service was stopped before the new version was proved. What ran before comes back when it is resumed.'
    case 'crash-loop':
      return `The new version ${ending(exit)}, ${restarts + 1} times in a row.`
    case 'crashed-after-ready':
      return `The new version became ready and then ${ending(exit)}.`
    case 'unhealthy-after-ready':
      return 'The new version became ready and then failed its health check.'
    case 'deadline':
      return instance === null
        ? `No instance of the new version could be started within ${deadlineSeconds} s.`
        : `The new version made no progress for ${deadlineSeconds} s${exit === null ? '' : `; it ${ending(exit)}`}.`
  }
}

function ending(exit: FailureEvidence['exit']): string {
  if (exit?.message !== undefined) return `could not be started (${exit.message})`
  if (exit?.signal === 'OOM') return 'was ended because it used more memory than its limit'
  if (exit?.signal !== undefined) return `was ended by ${exit.signal}`
  return exit?.exitCode === undefined ? 'ended' : `exited with status ${exit.exitCode}`
}

function details(cause: FailureCause, { probe, ports }: FailureEvidence): string[] {
  if (probe === null || cause === 'crash-loop' || cause === 'crashed-after-ready') return []
  const { check, record } = probe
  const last = record.lastAnswers.at(-1)
  return [
    `The ${nameOf(check)} (${questionOf(check)}) ${record.lastAnswers.length === 0 ? 'was never answered' : 'failed'}.`,
    ...(last === undefined ? [] : [`Its last answer: ${last.response || 'nothing'}.`]),
    ...(ports === null ? [] : portHint(check, ports)),
  ]
}

const nameOf = ({ type }: HealthCheck): string => type.replace('Probe', ' probe')

function questionOf({ protocol, path, port, cmd }: HealthCheck): string {
  if (protocol === 'CMD') return `command ${cmd}`
  return protocol === 'HTTP' ? `GET ${path} on port ${port}` : `TCP port ${port}`
}

function portHint(
  { port }: HealthCheck,
  { wanted, listening }: { wanted: number; listening: number[] },
): string[] {
  if (listening.includes(wanted)) return []
  const real = wanted === port ? `port ${wanted}` : `port ${port} (here ${wanted}, given as $PORT)`
  const instead = listening.length === 0 ? 'no port at all' : `port ${listening.join(', ')}`
  return [`Nothing listens on ${real}; the process listens on ${instead}.`]
}
