import type Docker from 'dockerode'
import { isConflict } from '../../lib/docker/engine-answers.ts'
import type { AddonObservation } from '../../reconcile/addon-port.ts'
import { LABEL } from './names.ts'
import { CommandFailed, runCommand, textOf } from './run-command.ts'

type Seen = Docker.ContainerInspectInfo

/** What a server that answers says of itself. */
export type About = { version: string; ca: string }

export const isUp = ({ Status }: Pick<Seen['State'], 'Status'>): boolean =>
  Status === 'running' || Status === 'restarting' || Status === 'paused'

/**
 * Asks a server until it answers once; from then on the image's health check is looked at, which costs nothing. A
 * server that was started again is asked again.
 */
export class Readiness {
  /** By container name: what it said, and of which start that was. */
  readonly #answers = new Map<string, { start: string; about: About }>()

  async of(container: Docker.Container, { Id, Name, State }: Seen): Promise<About | undefined> {
    if (State.Status !== 'running' || State.Health?.Status === 'unhealthy') return undefined
    const start = `${Id} ${State.StartedAt}`
    const known = this.#answers.get(Name)
    if (known?.start === start) return known.about
    const about = await ask(container)
    if (about !== undefined) this.#answers.set(Name, { start, about })
    return about
  }
}

async function ask(container: Docker.Container): Promise<About | undefined> {
  try {
    const [version = '', ...ca] = (await textOf(runCommand(container, { args: ['describe'] }))).split('\n')
    return { version, ca: ca.join('\n') }
  } catch (error) {
    // Not ready yet; or it ended a moment ago, which the next look shows.
    if (error instanceof CommandFailed || isConflict(error)) return undefined
    throw error
  }
}

/** What the engine says of an addon's container, in the port's words. Pure. */
export function observationOf(
  { State, Config, NetworkSettings }: Pick<Seen, 'State' | 'Config' | 'NetworkSettings'>,
  { about, network, port }: { about: About | undefined; network: string; port: number },
): AddonObservation {
  if (!isUp(State)) return { state: 'stopped' }
  const externalHost = NetworkSettings.Networks[network]?.IPAddress ?? ''
  if (about === undefined || externalHost === '') return { state: 'starting' }
  const host = Config.Labels[LABEL.host] ?? ''
  const isEncrypted = Config.Labels[LABEL.tls] === 'on'
  return {
    state: 'running',
    endpoint: { host, port, externalHost, ...(isEncrypted && { ca: about.ca }) },
    pid: State.Pid,
    version: about.version,
  }
}
