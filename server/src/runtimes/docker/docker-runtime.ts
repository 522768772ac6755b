import { FairwayError } from '@fairway/contract/errors'
import type Docker from 'dockerode'
import { type Clock, systemClock } from '../../lib/clock.ts'
import { type CrashPoints, noCrashPoints } from '../../lib/crash-point.ts'
import { connectEngine } from '../../lib/docker/engine.ts'
import { ifThere, isConflict } from '../../lib/docker/engine-answers.ts'
import { DEFAULT_ENGINE_SOCKET } from '../../lib/docker/engine-socket.ts'
import { ProjectNetworks } from '../../lib/docker/project-networks.ts'
import type { ObservedInstance, Runtime } from '../../reconcile/runtime-port.ts'
import { ContainerStart } from './container-start.ts'
import type { DockerParts } from './docker-parts.ts'
import { askAbilities, capabilitiesOf } from './engine-abilities.ts'
import { execIn } from './exec.ts'
import { ExitEvents } from './exit-events.ts'
import { filterOf, folderName, instanceOf, LABEL } from './labels.ts'
import { readLogs } from './logs.ts'
import { listeningPortsOf, statsOf, type Usage } from './measure.ts'
import { isRunning, lost, lostAfterMs, observed } from './observation.ts'
import { SecretFiles } from './secret-files.ts'
import { defaultSecretsFolder } from './secrets-folder.ts'
import { stopContainer } from './stop-container.ts'

export const dockerRuntimeCrashPoints = [
  'runtime.after-image',
  'runtime.after-files',
  'runtime.after-create',
  'runtime.after-launch',
  'runtime.after-stop',
] as const

export type DockerRuntimeOptions = {
  /** Of this Fairway among those that share the engine. Letters, digits and dashes; the same for ever. */
  installation: string
  socketPath?: string
  /** Where secret files are kept: in memory, and under the same path for the engine. Absent: the host's own place. */
  secretsFolder?: string
  /** Shared with what else joins the projects' networks. */
  networks?: ProjectNetworks
  clock?: Clock
  crash?: CrashPoints
}

/**
 * Runs instances as containers of a Docker Engine. It keeps nothing itself: what there is, it asks the engine by label,
 * so it finds everything again after a restart of Fairway or of the engine. Raises `runtime_failed` without an engine.
 */
export async function createDockerRuntime(options: DockerRuntimeOptions): Promise<Runtime> {
  const {
    installation,
    socketPath = DEFAULT_ENGINE_SOCKET,
    clock = systemClock,
    crash = noCrashPoints,
  } = options
  const engine = connectEngine(socketPath)
  const abilities = await askAbilities(engine)
  const files = new SecretFiles(options.secretsFolder ?? (await defaultSecretsFolder(installation)))
  const remark = await files.open()
  const networks = options.networks ?? new ProjectNetworks(engine, installation)
  const remarks = remark === undefined ? [] : [remark]
  const parts = { engine, installation, clock, crash, files, abilities, remarks }
  const runtime = new DockerRuntime(parts, networks)
  await runtime.sweep()
  return runtime
}

const LOOKS_AT_ONCE = 16

class DockerRuntime implements Runtime {
  readonly #parts: DockerParts
  readonly #networks: ProjectNetworks
  readonly #start: ContainerStart
  readonly #events: ExitEvents
  readonly #watchers = new Set<(id: string) => void>()
  readonly #starting = new Map<string, Promise<ObservedInstance>>()
  /** Container by instance id: only to ask the engine more cheaply. */
  readonly #known = new Map<string, string>()
  readonly #usage = new Map<string, Usage>()

  constructor(parts: DockerParts, networks: ProjectNetworks) {
    this.#parts = parts
    this.#networks = networks
    this.#start = new ContainerStart(parts, this.#networks)
    this.#events = new ExitEvents(parts.engine, parts.installation, (id) => {
      for (const onExit of this.#watchers) onExit(id)
    })
  }

  /** Removes what an end in the middle left and nobody can name any more. */
  async sweep(): Promise<void> {
    const { files, installation, clock } = this.#parts
    const containers = await this.#containers()
    const owned = new Set(containers.map(({ Labels }) => folderName(installation, instanceOf(Labels))))
    await files.sweep(owned, new Date(clock.now().getTime() - lostAfterMs))
    await this.#networks.sweep()
  }

  capabilities() {
    return capabilitiesOf(this.#parts.abilities, this.#parts.remarks)
  }

  start(spec: Parameters<Runtime['start']>[0]): Promise<ObservedInstance> {
    const underWay = this.#starting.get(spec.id)
    if (underWay !== undefined) return underWay
    const started = this.#startOnce(spec).finally(() => this.#starting.delete(spec.id))
    this.#starting.set(spec.id, started)
    return started
  }

  async #startOnce(spec: Parameters<Runtime['start']>[0]): Promise<ObservedInstance> {
    const known = await this.#inspect(spec.id)
    const seen = known && observed(known)
    if (seen !== undefined) return seen
    const container = await this.#start.run(spec, known && this.#parts.engine.getContainer(known.Id))
    const now = observed(await container.inspect())
    if (now === undefined) throw new FairwayError('runtime_failed', 'The instance did not start. Try again.')
    return now
  }

  /** Those of instances: addons have containers too, which carry no instance's id. */
  async #containers(): Promise<Docker.ContainerInfo[]> {
    const { engine, installation } = this.#parts
    const all = await engine.listContainers({ all: true, filters: filterOf(installation) })
    return all.filter(({ Labels }) => instanceOf(Labels) !== '')
  }

  async list(): Promise<ObservedInstance[]> {
    const waiting = await this.#containers()
    const all: ObservedInstance[] = []
    const look = async (): Promise<void> => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        const seen = await ifThere(this.#parts.engine.getContainer(next.Id).inspect())
        const told = seen && (observed(seen) ?? lost(seen, this.#parts.clock.now()))
        if (told !== undefined) all.push(told)
      }
    }
    await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, look))
    return all
  }

  async observe(id: string): Promise<ObservedInstance | undefined> {
    const seen = await this.#inspect(id)
    return seen && observed(seen)
  }

  async #inspect(id: string): Promise<Docker.ContainerInspectInfo | undefined> {
    const container = await this.#find(id)
    const seen = container && (await ifThere(container.inspect()))
    if (seen === undefined) this.#known.delete(id)
    return seen
  }

  async #find(id: string): Promise<Docker.Container | undefined> {
    const { engine, installation } = this.#parts
    const known = this.#known.get(id)
    if (known !== undefined) return engine.getContainer(known)
    const filters = filterOf(installation, { [LABEL.instance]: id })
    const [found] = await engine.listContainers({ all: true, filters })
    if (found === undefined) return undefined
    this.#known.set(id, found.Id)
    return engine.getContainer(found.Id)
  }

  async stop(id: string, graceMs: number): Promise<ObservedInstance | undefined> {
    const seen = await this.#inspect(id)
    if (seen === undefined) return undefined
    if (isRunning(seen.State)) {
      const container = this.#parts.engine.getContainer(seen.Id)
      await stopContainer(container, stopSignal(seen.Config), graceMs)
    }
    this.#parts.crash.hit('runtime.after-stop')
    return this.observe(id)
  }

  async remove(id: string): Promise<void> {
    const { engine, files, installation } = this.#parts
    const seen = await this.#inspect(id)
    if (seen !== undefined) {
      if (isRunning(seen.State)) throw stillRuns(id)
      await removeContainer(engine.getContainer(seen.Id), id)
    }
    await files.removeAllOf(folderName(installation, id))
    this.#known.delete(id)
    this.#usage.delete(id)
    const projectId = seen?.Config.Labels[LABEL.project]
    if (projectId !== undefined) await this.#networks.release(projectId)
  }

  async *logs(id: string, query: Parameters<Runtime['logs']>[1]): ReturnType<Runtime['logs']> {
    const container = await this.#find(id)
    if (container !== undefined) yield* readLogs(container, query)
  }

  async *exec(id: string, request: Parameters<Runtime['exec']>[1]): ReturnType<Runtime['exec']> {
    const seen = await this.#inspect(id)
    if (seen === undefined || !isRunning(seen.State))
      throw new FairwayError('invalid_state', `Instance "${id}" does not run, so nothing can be run in it.`)
    yield* execIn(this.#parts.engine.getContainer(seen.Id), request)
  }

  async stats(id: string) {
    const container = await this.#find(id)
    const read = container && (await ifThere(container.stats({ stream: false, 'one-shot': true })))
    // An ended container has no process, so it has no processor time either.
    if (read?.cpu_stats.system_cpu_usage === undefined || !read.pids_stats?.current) return undefined
    const { stats, usage } = statsOf(read, this.#usage.get(id), performance.now())
    this.#usage.set(id, usage)
    return stats
  }

  async listeningPorts(id: string): Promise<number[]> {
    const seen = await this.#inspect(id)
    return seen !== undefined && isRunning(seen.State) ? listeningPortsOf(seen.Id, seen.State.Pid) : []
  }

  watch(onExit: (id: string) => void): () => void {
    this.#watchers.add(onExit)
    return () => void this.#watchers.delete(onExit)
  }

  async close(): Promise<void> {
    await this.#events.close()
  }
}

/** What the image asks to be ended with; the client library's types do not know it. */
const stopSignal = (config: Docker.ContainerInspectInfo['Config'] & { StopSignal?: string }): string =>
  config.StopSignal || 'SIGTERM'

const stillRuns = (id: string): FairwayError =>
  new FairwayError('invalid_state', `Instance "${id}" still runs. Stop it first.`)

async function removeContainer(container: Docker.Container, id: string): Promise<void> {
  try {
    // With its nameless volumes; named ones are others' to remove.
    await ifThere(container.remove({ v: true }))
  } catch (error) {
    // It runs (again), or someone else is removing it.
    if (!isConflict(error)) throw error
    const seen = await ifThere(container.inspect())
    if (seen !== undefined && isRunning(seen.State)) throw stillRuns(id)
  }
}
