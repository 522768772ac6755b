import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { FairwayError } from '@fairway/contract/errors'
import { type Engine, engineStatusOf } from './engine.ts'
import { engineMessage, isAbsentThere, isConflict } from './engine-answers.ts'

const APPEARS_MS = 5_000

/** The labels that everything of one project on an engine carries. */
export const PROJECT_LABEL = { installation: 'fairway.installation', project: 'fairway.project' } as const

const plain = (text: string): string => text.replace(/[^a-zA-Z0-9_.-]/g, '-').slice(0, 60)

export const networkName = (installation: string, projectId: string): string =>
  `fairway-${plain(installation)}-${plain(projectId)}`

/**
 * The network's interface on the host, of at most 15 characters. Two networks may bear one name, if two servers make
 * them at the same moment; two interfaces may not, so only one of them comes to be.
 */
export const bridgeName = (installation: string, projectId: string): string =>
  `fw-${createHash('sha256').update(`${installation}/network/${projectId}`).digest('hex').slice(0, 12)}`

/**
 * A private bridge network for each project: its instances find each other by name, and no other project's reach them.
 * It is there while the project has containers. A removal never meets a start of the same project in this process;
 * between two processes the start fails and is tried again.
 */
export class ProjectNetworks {
  readonly #engine: Engine
  readonly #installation: string
  readonly #users = new Map<string, number>()
  readonly #making = new Map<string, Promise<string>>()
  readonly #removing = new Map<string, Promise<void>>()

  constructor(engine: Engine, installation: string) {
    this.#engine = engine
    this.#installation = installation
  }

  /** Does the work with the project's network there; it is not removed meanwhile. */
  async use<T>(projectId: string, work: (network: string) => Promise<T>): Promise<T> {
    this.#count(projectId, 1)
    try {
      await this.#removing.get(projectId)
      return await work(await this.#ensure(projectId))
    } finally {
      this.#count(projectId, -1)
    }
  }

  #mine(): string[] {
    return [`${PROJECT_LABEL.installation}=${this.#installation}`]
  }

  #count(projectId: string, by: number): void {
    const users = (this.#users.get(projectId) ?? 0) + by
    if (users === 0) this.#users.delete(projectId)
    else this.#users.set(projectId, users)
  }

  #ensure(projectId: string): Promise<string> {
    const underWay = this.#making.get(projectId)
    if (underWay !== undefined) return underWay
    const made = this.#make(projectId).finally(() => this.#making.delete(projectId))
    this.#making.set(projectId, made)
    return made
  }

  async #make(projectId: string): Promise<string> {
    const name = networkName(this.#installation, projectId)
    if (await this.#isThere(name)) return name
    try {
      await this.#engine.createNetwork({
        Name: name,
        Driver: 'bridge',
        CheckDuplicate: true,
        Labels: { [PROJECT_LABEL.installation]: this.#installation, [PROJECT_LABEL.project]: projectId },
        Options: { 'com.docker.network.bridge.name': bridgeName(this.#installation, projectId) },
      })
    } catch (error) {
      if (!isTaken(error)) throw networkFailure(error)
      await this.#appears(name)
    }
    return name
  }

  /** Another server is making it just now. */
  async #appears(name: string): Promise<void> {
    const until = performance.now() + APPEARS_MS
    while (!(await this.#isThere(name))) {
      if (performance.now() > until)
        throw new FairwayError(
          'runtime_failed',
          "The network interface of the project's network is taken. Remove the network that uses it.",
          { detail: name },
        )
      await pause(20)
    }
  }

  async #isThere(name: string): Promise<boolean> {
    const found = await this.#engine.listNetworks({ filters: { name: [name] } })
    return found.some(({ Name }) => Name === name)
  }

  /** Removes the project's network when no container of it is left. */
  async release(projectId: string): Promise<void> {
    if (this.#users.has(projectId)) return
    const underWay = this.#removing.get(projectId)
    if (underWay !== undefined) return underWay
    const removal = this.#removeUnused(projectId).finally(() => this.#removing.delete(projectId))
    this.#removing.set(projectId, removal)
    await removal
  }

  async #removeUnused(projectId: string): Promise<void> {
    // One that was created and not started yet is no endpoint of the network, so the engine would let it go.
    const left = await this.#engine.listContainers({
      all: true,
      filters: { label: [...this.#mine(), `${PROJECT_LABEL.project}=${projectId}`] },
    })
    if (left.length > 0) return
    try {
      await this.#engine.getNetwork(networkName(this.#installation, projectId)).remove()
    } catch (error) {
      // Gone already, or in use by a container that is not an instance.
      if (!isAbsentThere(error) && !isInUse(error)) throw error
    }
  }

  /** Removes the networks that an end in the middle left. */
  async sweep(): Promise<void> {
    const all = await this.#engine.listNetworks({ filters: { label: this.#mine() } })
    for (const { Labels } of all) {
      const projectId = Labels?.[PROJECT_LABEL.project]
      if (projectId !== undefined) await this.release(projectId)
    }
  }
}

/** By a network of this name, or of this interface. */
const isTaken = (error: unknown): boolean =>
  isConflict(error) || (engineStatusOf(error) === 403 && /conflicts with network/.test(engineMessage(error)))

const isInUse = (error: unknown): boolean =>
  engineStatusOf(error) === 403 || isConflict(error) || /active endpoints/.test(engineMessage(error))

function networkFailure(error: unknown): unknown {
  const detail = engineMessage(error)
  if (!/non-overlapping|address pool/.test(detail)) return error
  return new FairwayError(
    'runtime_failed',
    'The Docker Engine has no range of addresses left for the network of another project. Add one to "default-address-pools" in its configuration.',
    { cause: error, detail },
  )
}
