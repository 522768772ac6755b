import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { FairwayError } from '@fairway/contract/errors'
import type Docker from 'dockerode'
import { type Clock, systemClock } from '../../lib/clock.ts'
import type { Engine } from '../../lib/docker/engine.ts'
import { engineMessage, ifThere, isAbsentThere, isConflict } from '../../lib/docker/engine-answers.ts'
import { watchSource } from '../../lib/watch-source.ts'
import type { VolumePlace, VolumeStore } from '../../reconcile/volume-port.ts'
import { requireEmptyImage } from './empty-image.ts'

/** Labels of volumes, and of the containers that copy them. Others than those of instances, which are listed by theirs. */
export const VOLUME_LABEL = {
  installation: 'fairway.volume-installation',
  project: 'fairway.volume-project',
  volume: 'fairway.volume',
  disk: 'fairway.volume-disk',
} as const

type Options = { engine: Engine; installation: string; clock?: Clock }

/** Named volumes of a Docker Engine. Raises `runtime_failed` with what to do. */
export function createDockerVolumes(options: Options): VolumeStore {
  const disks = new DockerDisks(options)
  return {
    remark: 'Docker does not limit the size of a volume: storageSize is a note, not a limit.',
    create: (place) => disks.create(place),
    remove: (disk) => disks.remove(disk),
    exists: async (disk) => (await disks.find(disk)) !== undefined,
    // The engine tells the size only together with that of everything else it holds, which takes minutes on a large host.
    usage: async () => undefined,
    export: async (disk, signal) => disks.export(disk, signal),
    import: (disk, data, signal) => disks.import(disk, data, signal),
    variables: () => ({}),
  }
}

/** Where a helper sees the volume: the folder that every exported tar begins with. */
const MOUNTED = '/volume'
const STALE_HELPER_SECONDS = 24 * 3600

class DockerDisks {
  readonly #engine: Engine
  readonly #installation: string
  readonly #clock: Clock
  constructor({ engine, installation, clock = systemClock }: Options) {
    this.#engine = engine
    this.#installation = installation
    this.#clock = clock
  }

  async create({ disk, projectId, volumeId }: VolumePlace): Promise<void> {
    await this.#engine.createVolume({
      Name: disk,
      Labels: {
        [VOLUME_LABEL.installation]: this.#installation,
        [VOLUME_LABEL.project]: projectId,
        [VOLUME_LABEL.volume]: volumeId,
      },
    })
    // The engine answers an existing volume of that name, whosever it is.
    await this.#require(disk)
  }

  /** Undefined: there is none. Raises `runtime_failed` for one that is not this installation's. */
  async find(disk: string): Promise<Docker.VolumeInspectInfo | undefined> {
    const found = await ifThere(this.#engine.getVolume(disk).inspect())
    if (found === undefined || found.Labels?.[VOLUME_LABEL.installation] === this.#installation) return found
    throw new FairwayError(
      'runtime_failed',
      `The engine's volume "${disk}" was not made by this Fairway, so it is left alone.`,
    )
  }

  async #require(disk: string): Promise<void> {
    if ((await this.find(disk)) !== undefined) return
    throw new FairwayError(
      'runtime_failed',
      `The volume "${disk}" is not on this engine any more. Make a new one from a backup.`,
    )
  }

  async remove(disk: string): Promise<void> {
    if ((await this.find(disk)) === undefined) return
    await this.#removeIdleContainers(disk)
    try {
      await this.#engine.getVolume(disk).remove()
    } catch (cause) {
      if (isAbsentThere(cause)) return
      if (!isConflict(cause)) throw cause
      throw new FairwayError(
        'runtime_failed',
        'The volume is in use by a container that runs. It is removed when that has ended.',
        { cause, detail: engineMessage(cause) },
      )
    }
  }

  /** An ended container keeps a volume from going, for the sake of its log. Who deletes the volume wants it gone. */
  async #removeIdleContainers(disk: string): Promise<void> {
    const holders = await this.#engine.listContainers({ all: true, filters: { volume: [disk] } })
    const idle = holders.filter(({ State }) => State !== 'running' && State !== 'paused')
    await Promise.all(idle.map(({ Id }) => this.#removeContainer(Id)))
  }

  async #removeContainer(id: string): Promise<void> {
    try {
      await this.#engine.getContainer(id).remove({ force: true })
    } catch (error) {
      // Somebody else removes it right now.
      if (!isAbsentThere(error) && !isConflict(error)) throw error
    }
  }

  /** Nothing is made before the first byte is asked for: a stream that nobody reads leaves nothing. */
  async *export(disk: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const helper = await this.#helper(disk, { readOnly: true })
    let tar: Readable | undefined
    const stop = (): void => void tar?.destroy(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true })
    try {
      tar = (await helper.getArchive({ path: MOUNTED })) as Readable
      signal.throwIfAborted()
      for await (const chunk of tar) yield chunk as Uint8Array
    } finally {
      signal.removeEventListener('abort', stop)
      tar?.destroy()
      await this.#removeContainer(helper.id)
    }
  }

  async import(disk: string, data: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
    const helper = await this.#helper(disk, { readOnly: false })
    const source = watchSource(data)
    const sent = Readable.from(source.data, { objectMode: false })
    try {
      await untilOneEnds(sent, helper.putArchive(sent, { path: '/', abortSignal: signal }))
      source.throwIfFailed()
    } catch (cause) {
      signal.throwIfAborted()
      source.throwIfFailed()
      if (!/no space left on device/i.test(engineMessage(cause))) throw cause
      throw new FairwayError('disk_full', "The engine's disk is full. Free some space, then try again.", {
        cause,
      })
    } finally {
      sent.destroy()
      await this.#removeContainer(helper.id)
    }
  }

  /** A container that is never started: the engine reads and writes volumes of such a one too, and nothing runs. */
  async #helper(disk: string, { readOnly }: { readOnly: boolean }): Promise<Docker.Container> {
    await this.#require(disk)
    await this.#removeStaleHelpers()
    return this.#engine.createContainer({
      name: `fairway-volume-copy-${randomBytes(6).toString('hex')}`,
      Image: await requireEmptyImage(this.#engine),
      Cmd: ['never-started'],
      Labels: { [VOLUME_LABEL.installation]: this.#installation, [VOLUME_LABEL.disk]: disk },
      HostConfig: {
        NetworkMode: 'none',
        Mounts: [{ Type: 'volume', Source: disk, Target: MOUNTED, ReadOnly: readOnly }],
      },
    })
  }

  /** What a killed Fairway left; none of ours copies for a day. */
  async #removeStaleHelpers(): Promise<void> {
    const filters = {
      label: [`${VOLUME_LABEL.installation}=${this.#installation}`, VOLUME_LABEL.disk],
      status: ['created'],
    }
    const helpers = await this.#engine.listContainers({ all: true, filters })
    const now = this.#clock.now().getTime() / 1000
    const stale = helpers.filter(({ Created }) => now - Created > STALE_HELPER_SECONDS)
    await Promise.all(stale.map(({ Id }) => this.#removeContainer(Id)))
  }
}

/** Of what is sent and the engine's answer to it: a source that breaks off leaves the engine waiting for the rest. */
async function untilOneEnds(sent: Readable, answer: Promise<unknown>): Promise<void> {
  const broken = new Promise<never>((_, reject) => sent.once('error', reject))
  await Promise.race([answer, broken])
}
