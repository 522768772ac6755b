/** For tests: whether a real engine is here. Under CI a missing one is a failure, elsewhere its tests are not run. */
import { DEFAULT_ENGINE_SOCKET, isEngineThere } from './engine-socket.ts'

export const dockerHere = await isEngineThere(DEFAULT_ENGINE_SOCKET)
if (!dockerHere && process.env.CI === 'true')
  throw new Error('These tests need a Docker Engine, and there is none here.')
