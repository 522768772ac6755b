/** What no release tool can do faster: the engine's own start of the very same container, where it will be. */
import { connectEngine } from '@fairway/server/lib/docker/engine'
import { DEFAULT_ENGINE_SOCKET } from '@fairway/server/lib/docker/engine-socket'
import { seenOnEngine } from '../docker/engine-view.ts'
import { waitFor } from '../fairway/wait-for.ts'

/**
 * From the creation of a copy of a running instance's container, on the network of the instance and beside its siblings,
 * to its first good answer, in milliseconds.
 */
export async function floorOnDocker(dataFolder: string): Promise<number> {
  const engine = connectEngine(DEFAULT_ENGINE_SOCKET)
  const running = (await seenOnEngine(dataFolder)).find(({ state }) => state === 'running')
  if (running === undefined) throw new Error('nothing runs whose start could be timed')
  const { Config, HostConfig, NetworkSettings } = await engine.getContainer(running.id).inspect()
  const { Image, Env, Cmd, Entrypoint, User, WorkingDir } = Config
  const network = HostConfig.NetworkMode ?? ''
  const { Aliases } = NetworkSettings.Networks[network] ?? {}
  const copy = {
    ...{ Image, Env, Cmd, User, WorkingDir, HostConfig },
    ...(Entrypoint && { Entrypoint }),
    NetworkingConfig: { EndpointsConfig: { [network]: { ...(Aliases && { Aliases }) } } },
  }
  const started = performance.now()
  const container = await engine.createContainer(copy)
  try {
    await container.start()
    const host = (await container.inspect()).NetworkSettings.Networks[network]?.IPAddress ?? ''
    await waitFor('the copy to answer', () => isReady(host), { everyMs: 5, deadlineMs: 60_000 })
    return performance.now() - started
  } finally {
    await container.remove({ force: true })
  }
}

async function isReady(host: string): Promise<boolean> {
  try {
    return (await fetch(`http://${host}:3000/ready`, { signal: AbortSignal.timeout(500) })).ok
  } catch (error) {
    if (error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError'))
      return false
    throw error
  }
}
