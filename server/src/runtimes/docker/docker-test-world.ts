import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { connectEngine, DEFAULT_ENGINE_SOCKET, type Engine } from '../../lib/docker/engine.ts'
import type { InstanceSpec } from '../../reconcile/runtime-port.ts'
import type { RuntimeUnderTest } from '../runtime-contract.ts'
import { createDockerRuntime } from './docker-runtime.ts'
import { filterOf } from './labels.ts'

export const TEST_IMAGE = 'node:20-slim'

export type DockerRuntimeUnderTest = RuntimeUnderTest & {
  engine: Engine
  installation: string
  secretsFolder: string
}

/** A runtime of an installation of its own on the real engine; afterwards nothing of it is left. */
export async function withRuntime(work: (under: DockerRuntimeUnderTest) => Promise<void>): Promise<void> {
  const engine = connectEngine(DEFAULT_ENGINE_SOCKET)
  const installation = `test-${randomUUID().slice(0, 13)}`
  const secretsFolder = join('/dev/shm', `fairway-${installation}`)
  const open = () => createDockerRuntime({ installation, secretsFolder })
  const runtime = await open()
  const program = (id: string, source: string, change: Partial<InstanceSpec> = {}): InstanceSpec => ({
    id,
    labels: { projectId: 'p', ownerKind: 'service', ownerId: 's', revision: 'r' },
    artifact: { kind: 'image', reference: TEST_IMAGE },
    command: ['node', '-e', source],
    processType: 'web',
    env: {},
    files: [],
    ports: [],
    limits: {},
    ...change,
  })
  try {
    await work({ runtime, reopen: open, program, engine, installation, secretsFolder })
  } finally {
    await runtime.close()
    await removeAll(engine, installation)
    await rm(secretsFolder, { recursive: true, force: true })
  }
}

async function removeAll(engine: Engine, installation: string): Promise<void> {
  const filters = filterOf(installation)
  const containers = await engine.listContainers({ all: true, filters })
  await Promise.all(containers.map(({ Id }) => engine.getContainer(Id).remove({ force: true, v: true })))
  const networks = await engine.listNetworks({ filters })
  await Promise.all(networks.map(({ Id }) => engine.getNetwork(Id).remove()))
}
