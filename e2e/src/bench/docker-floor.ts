/** What no release tool can do faster: the engine's own start of the very same container, where it will be. */
import { connectEngine } from '@fairway/server/lib/docker/engine'
import { DEFAULT_ENGINE_SOCKET } from '@fairway/server/lib/docker/engine-socket'
import { seenOnEngine } from '../docker/engine-view.ts'
import { waitFor } from '../fairway/wait-for.ts'
import { median } from './figures.ts'

const ROUNDS = 7

/**
 * From the creation of a copy of a running instance's container, on the network of the instance and beside its siblings,
 * to its first good answer: milliseconds, median of seven.
 */
export async function floorOnDocker(dataFolder: string): Promise<number> {
  const engine = connectEngine(DEFAULT_ENGINE_SOCKET)
  const running = (await seenOnEngine(dataFolder)).find(({ state }) => state === 'running')
  if (running === undefined) throw new Error('nothing runs whose start could be timed')
  const { Config, HostConfig } = await engine.getContainer(running.id).inspect()
  const { Image, Env, Cmd, Entrypoint, User, WorkingDir } = Config
  const copy = { Image, Env, Cmd, User, WorkingDir, HostConfig, ...(Entrypoint && { Entrypoint }) }
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const started = performance.now()
    const container = await engine.createContainer(copy)
    try {
      await container.start()
      const { NetworkSettings } = await container.inspect()
      const host = NetworkSettings.Networks[HostConfig.NetworkMode ?? '']?.IPAddress ?? ''
      await waitFor('the copy to answer', () => isReady(host), { everyMs: 5, deadlineMs: 60_000 })
      times.push(performance.now() - started)
    } finally {
      await container.remove({ force: true })
    }
  }
  return median(times)
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
