import { describe } from 'vitest'
import { dockerHere } from '../../lib/docker/test-engine.ts'
import { runtimeContract } from '../runtime-contract.ts'
import { terminalContract } from '../terminal-contract.ts'
import { withRuntime } from './docker-test-world.ts'

describe.skipIf(!dockerHere)('the Docker runtime', () => {
  runtimeContract(withRuntime)
  terminalContract(withRuntime)
})
