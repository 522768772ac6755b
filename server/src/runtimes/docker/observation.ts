import type Docker from 'dockerode'
import type { ObservedInstance } from '../../reconcile/runtime-port.ts'
import { exitOf } from '../process/exit-status.ts'
import { instanceLabels, instanceOf, portsOf } from './labels.ts'

type Seen = Pick<Docker.ContainerInspectInfo, 'State' | 'NetworkSettings' | 'Created'> & {
  Config: Pick<Docker.ContainerInspectInfo['Config'], 'Labels'>
}

/** What the engine says of a container, in the port's words. Pure. Undefined for one that was never started. */
export function observed({ State, Config, NetworkSettings }: Seen): ObservedInstance | undefined {
  if (State.Status === 'created') return undefined
  const common = {
    id: instanceOf(Config.Labels),
    labels: instanceLabels(Config.Labels),
    startedAt: new Date(State.StartedAt),
  }
  if (isRunning(State))
    return {
      ...common,
      state: 'running',
      pid: State.Pid,
      addresses: addresses(Config.Labels, NetworkSettings),
    }
  return { ...common, state: 'exited', addresses: {}, exitedAt: new Date(State.FinishedAt), ...endOf(State) }
}

export const isRunning = ({ Status }: Pick<Seen['State'], 'Status'>): boolean =>
  Status === 'running' || Status === 'paused' || Status === 'restarting'

/** One that was created and not started for so long was lost by who made it. */
export const lostAfterMs = 10 * 60_000

/** A container that was never started and is lost, told as ended, so that it is reaped like any other orphan. */
export function lost({ State, Config, Created }: Seen, now: Date): ObservedInstance | undefined {
  const created = new Date(Created)
  if (State.Status !== 'created' || now.getTime() - created.getTime() < lostAfterMs) return undefined
  return {
    id: instanceOf(Config.Labels),
    labels: instanceLabels(Config.Labels),
    state: 'exited',
    startedAt: created,
    exitedAt: created,
    addresses: {},
  }
}

function endOf({ ExitCode, OOMKilled }: Seen['State']): Pick<ObservedInstance, 'exitCode' | 'signal'> {
  const end = exitOf(ExitCode)
  // The engine says so as soon as any process of the container ran out of memory; it ended by it only if it was killed.
  return OOMKilled && end.signal === 'SIGKILL' ? { ...end, signal: 'OOM' } : end
}

/**
 * The container's own address in its network, not a published port: the host reaches every bridge, the program keeps
 * the port it was written for, no port of the host can run out or be taken, and no proxy process stands between. The
 * address changes when the engine restarts, so it is read each time and kept nowhere.
 */
function addresses(
  labels: Readonly<Record<string, string>>,
  { Networks }: Seen['NetworkSettings'],
): ObservedInstance['addresses'] {
  const host = Object.values(Networks).find(({ IPAddress }) => IPAddress !== '')?.IPAddress
  if (host === undefined) return {}
  return Object.fromEntries(Object.entries(portsOf(labels)).map(([name, port]) => [name, { host, port }]))
}
