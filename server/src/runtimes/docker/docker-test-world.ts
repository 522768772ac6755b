import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { connectEngine, type Engine } from '../../lib/docker/engine.ts'
import { DEFAULT_ENGINE_SOCKET } from '../../lib/docker/engine-socket.ts'
import { until } from '../../lib/test-until.ts'
import type {
  ExecEvent,
  ExecRequest,
  InstanceSpec,
  ObservedInstance,
  Runtime,
} from '../../reconcile/runtime-port.ts'
import type { RuntimeUnderTest } from '../runtime-contract.ts'
import { createDockerRuntime } from './docker-runtime.ts'
import { filterOf, LABEL } from './labels.ts'

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

/** Again while something is on its way: a test that failed may have left a start or a removal under way. */
async function removeAll(engine: Engine, installation: string): Promise<void> {
  const filters = filterOf(installation)
  await until('everything to be removed', async () => {
    const containers = await engine.listContainers({ all: true, filters })
    await Promise.allSettled(
      containers.map(({ Id }) => engine.getContainer(Id).remove({ force: true, v: true })),
    )
    const networks = await engine.listNetworks({ filters })
    await Promise.allSettled(networks.map(({ Id }) => engine.getNetwork(Id).remove()))
    return containers.length + networks.length === 0
  })
}

/** The first log line that satisfies the test, waited for. */
export const line = (
  runtime: Runtime,
  id: string,
  matches: (text: string) => boolean = () => true,
): Promise<string> =>
  until(`a line of ${id}`, async () => {
    for await (const { text } of runtime.logs(id, {})) if (matches(text)) return text
    return undefined
  })

export const exited = (runtime: Runtime, id: string): Promise<ObservedInstance> =>
  until(`${id} to exit`, async () => {
    const seen = await runtime.observe(id)
    return seen?.state === 'exited' && seen
  })

export async function run(runtime: Runtime, id: string, request: ExecRequest) {
  let [stdout, stderr, exit]: [string, string, Extract<ExecEvent, { type: 'exit' }> | undefined] = [
    '',
    '',
    undefined,
  ]
  for await (const event of runtime.exec(id, request)) {
    if (event.type === 'exit') exit = event
    else if (event.type === 'stdout') stdout += Buffer.from(event.chunk).toString()
    else stderr += Buffer.from(event.chunk).toString()
  }
  return { stdout, stderr, exit }
}

/** Everything that anyone at the engine is told of an instance's container. */
export async function inspected(engine: Engine, installation: string, id: string) {
  const [found] = await engine.listContainers({
    all: true,
    filters: filterOf(installation, { [LABEL.instance]: id }),
  })
  return engine.getContainer(found?.Id ?? '').inspect()
}
