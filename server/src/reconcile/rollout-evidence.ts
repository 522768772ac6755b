import type { InstanceRow, LastExit } from '../db/instances.ts'
import type { FailureEvidence } from './failure-message.ts'
import { probeAddress } from './run-config.ts'
import type { Pass } from './service-deps.ts'
import { runtimeIdOf } from './service-instance.ts'
import { checksOf, type ServiceWorld } from './service-world.ts'

const LOG_LINES = 20

/** Gathers what explains a failure while it can still be seen. */
export async function gatherEvidence(
  pass: Pass,
  world: ServiceWorld,
  instance: string | null,
): Promise<FailureEvidence> {
  const row = world.rows.find(({ id }) => id === instance)
  const deadlineSeconds = world.service.spec.deployment?.progressDeadlineSeconds ?? 600
  if (row === undefined) {
    return { instance: null, restarts: 0, exit: null, probe: null, ports: null, logs: [], deadlineSeconds }
  }
  const probe = failingProbe(pass, world, row)
  return {
    instance: row.id,
    restarts: row.restarts,
    exit: row.last_exit === null ? null : exitOf(row.last_exit),
    probe,
    ports: probe === null ? null : await portsOf(pass, { world, row }, probe),
    logs: await lastLines(pass, row),
    deadlineSeconds,
  }
}

const exitOf = ({ exitCode, signal, message }: LastExit): FailureEvidence['exit'] => ({
  ...(exitCode !== undefined && { exitCode }),
  ...(signal !== undefined && { signal }),
  ...(message !== undefined && { message }),
})

function failingProbe({ deps }: Pass, world: ServiceWorld, row: InstanceRow): FailureEvidence['probe'] {
  const states = deps.prober.statesOf(row.id, row.attempt) ?? row.probes
  const failing = checksOf(world, row).filter((check) => states[check.type]?.passing === false)
  // While the startup probe has not passed, nobody asks the others.
  const check = failing.find(({ type }) => type === 'startupProbe') ?? failing[0]
  const record = check && states[check.type]
  return check && record ? { check, record } : null
}

async function portsOf(
  { deps }: Pass,
  { world, row }: { world: ServiceWorld; row: InstanceRow },
  { check }: NonNullable<FailureEvidence['probe']>,
): Promise<FailureEvidence['ports']> {
  if (check.protocol === 'CMD' || row.state !== 'running') return null
  const listening = await deps.runtime.listeningPorts?.(runtimeIdOf(row))
  if (listening === undefined) return null
  const ports = world.revisions.get(row.revision_id)?.settings.ports ?? []
  return { wanted: probeAddress(check, ports, row.addresses).port, listening }
}

/** Of this attempt, or of the one before when this one has said nothing yet. */
async function lastLines({ deps }: Pass, row: InstanceRow): Promise<string[]> {
  for (const attempt of [row.attempt, row.attempt - 1]) {
    const lines: string[] = []
    try {
      const known = attempt >= 0 && (await deps.runtime.observe(runtimeIdOf({ id: row.id, attempt })))
      if (!known) continue
      for await (const { text } of deps.runtime.logs(known.id, { tail: LOG_LINES }))
        lines.push(deps.mask(text))
    } catch (error) {
      deps.log.warn({ err: error, instance: row.id }, 'cannot read the last lines of an instance')
    }
    if (lines.length > 0) return lines
  }
  return []
}
