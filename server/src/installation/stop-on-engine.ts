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

/** Removes every container, volume, network and image of an installation for good. */
export async function removeFromEngine(socketPath: string, installation: string): Promise<void> {
  const engine = connectEngine(socketPath)
  const all = await containersOf(engine, installation)
  await Promise.all(all.map(({ Id }) => ifThere(engine.getContainer(Id).remove({ force: true, v: true }))))
  const filters = { label: [`${PROJECT_LABEL.installation}=${installation}`] }
  for (const label of VOLUME_LABELS) {
    const { Volumes } = await engine.listVolumes({ filters: { label: [`${label}=${installation}`] } })
    for (const { Name } of Volumes) await ifThere(engine.getVolume(Name).remove())
  }
  for (const { Id } of await engine.listNetworks({ filters })) await ifThere(engine.getNetwork(Id).remove())
  const built = { label: [`${BUILD_LABEL}=${installation}`] }
  for (const { Id } of await engine.listImages({ filters: built }))
    await ifThere(engine.getImage(Id).remove({ force: true }))
}

const containersOf = (engine: Engine, installation: string) =>
  engine.listContainers({ all: true, filters: { label: [`${PROJECT_LABEL.installation}=${installation}`] } })
