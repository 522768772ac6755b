import { setTimeout as pause } from 'node:timers/promises'
import { connectEngine, type Engine } from '../lib/docker/engine.ts'
import { ifThere } from '../lib/docker/engine-answers.ts'
import { PROJECT_LABEL } from '../lib/docker/project-networks.ts'

const GRACE_SECONDS = 5
/** Volumes of services carry another label than containers, which are listed by theirs. */
const VOLUME_LABELS = [PROJECT_LABEL.installation, 'fairway.volume-installation']

/** Stops every container of an installation. Their data and their volumes stay. */
export async function stopOnEngine(socketPath: string, installation: string): Promise<void> {
  const engine = connectEngine(socketPath)
  const all = await containersOf(engine, installation)
  await Promise.all(all.map(({ Id }) => ifThere(stopped(engine.getContainer(Id)))))
}

/** 304: it had stopped already. */
async function stopped(container: ReturnType<Engine['getContainer']>): Promise<void> {
  try {
    await container.stop({ t: GRACE_SECONDS })
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== 304) throw error
  }
}

const BUILD_LABEL = 'fairway.build.installation'

const PATIENCE_MS = 20_000
const RETRY_MS = 250

/** Removes every container, volume, network and image of an installation for good. */
export async function removeFromEngine(socketPath: string, installation: string): Promise<void> {
  const engine = connectEngine(socketPath)
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const [refusal] = await removeWhatGoes(engine, installation)
    if (refusal === undefined) return
    // The engine may still be ending one of them, or letting go of a network: that passes.
    if (performance.now() > deadline) throw refusal
    await pause(RETRY_MS)
  }
}

/** Answers what the engine refused. What holds others goes first. */
async function removeWhatGoes(engine: Engine, installation: string): Promise<unknown[]> {
  const ours = { label: [`${PROJECT_LABEL.installation}=${installation}`] }
  const built = { label: [`${BUILD_LABEL}=${installation}`] }
  const refusals: unknown[] = []
  const remove = async (removals: readonly Promise<unknown>[]): Promise<void> => {
    for (const end of await Promise.allSettled(removals.map(ifThere)))
      if (end.status === 'rejected') refusals.push(end.reason)
  }
  const containers = await containersOf(engine, installation)
  await remove(containers.map(({ Id }) => engine.getContainer(Id).remove({ force: true, v: true })))
  for (const label of VOLUME_LABELS) {
    const { Volumes } = await engine.listVolumes({ filters: { label: [`${label}=${installation}`] } })
    await remove(Volumes.map(({ Name }) => engine.getVolume(Name).remove()))
  }
  const networks = await engine.listNetworks({ filters: ours })
  await remove(networks.map(({ Id }) => engine.getNetwork(Id).remove()))
  const images = await engine.listImages({ filters: built })
  await remove(images.map(({ Id }) => engine.getImage(Id).remove({ force: true })))
  return refusals
}

const containersOf = (engine: Engine, installation: string) =>
  engine.listContainers({ all: true, filters: { label: [`${PROJECT_LABEL.installation}=${installation}`] } })
