/** For tests: an image builder on the real engine in an installation of its own, with all it made removed at the end. */
import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { noCrashPoints } from '../../lib/crash-point.ts'
import { connectEngine, type Engine } from '../../lib/docker/engine.ts'
import { DEFAULT_ENGINE_SOCKET } from '../../lib/docker/engine-socket.ts'
import type { Builder, BuildRequest } from '../../reconcile/builder-port.ts'
import { createImageBuilder, type ImageBuilderOptions } from './image-builder.ts'
import { localNamespace } from './image-names.ts'
import { programFolders } from './test-programs.ts'

export type Ran = { output: string; exitCode: number }

export type ImageTestWorld = {
  engine: Engine
  installation: string
  /** Where builds keep what they need while they run. */
  root: string
  directory: string
  lines: string[]
  builder(change?: Partial<ImageBuilderOptions>): Builder
  request(change?: Partial<BuildRequest>): BuildRequest
  /** Writes files of the repository. */
  files(tree: Record<string, string>): Promise<void>
  run(image: string, settings?: { cmd?: string[]; env?: string[] }): Promise<Ran>
  /** Starts a container that is removed at the end. */
  start(
    image: string,
    settings?: { cmd?: string[]; env?: string[] },
  ): Promise<{ id: string; address: string }>
  pull(reference: string): Promise<void>
  tags(): Promise<string[]>
  close(): Promise<void>
}

export async function imageTestWorld(): Promise<ImageTestWorld> {
  const base = await mkdtemp(join(tmpdir(), 'fairway-image-'))
  const directory = join(base, 'checkout')
  const root = join(base, 'work')
  await mkdir(directory)
  const installation = `test-${randomUUID().slice(0, 8)}`
  const engine = connectEngine(DEFAULT_ENGINE_SOCKET)
  const label = 'fairway.test.image-builder'
  const lines: string[] = []
  const created: string[] = []
  const pulled: string[] = []

  const create = async (image: string, { cmd, env }: { cmd?: string[]; env?: string[] } = {}) => {
    const container = await engine.createContainer({
      Image: image,
      Labels: { [label]: installation },
      ...(cmd && { Cmd: cmd }),
      ...(env && { Env: env }),
    })
    created.push(container.id)
    await container.start()
    return container
  }

  const tags = async (): Promise<string[]> =>
    (await engine.listImages())
      .flatMap(({ RepoTags }) => RepoTags ?? [])
      .filter((tag) => tag.startsWith(localNamespace(installation)) || tag.includes(`/${installation}:`))

  return {
    engine,
    installation,
    root,
    directory,
    lines,
    builder: (change) =>
      createImageBuilder({
        socket: DEFAULT_ENGINE_SOCKET,
        installation,
        root,
        programFolders,
        timeoutSeconds: 90,
        crash: noCrashPoints,
        ...change,
      }),
    request: (change) => ({
      owner: { projectId: 'test', ownerId: 'app' },
      secrets: {},
      limits: {},
      context: '/',
      checkout: {
        directory,
        sha: 'a'.repeat(40),
        branch: 'main',
        message: '',
        cleanUp: async () => undefined,
      },
      arguments: {},
      files: [],
      log: (line) => void lines.push(line),
      signal: new AbortController().signal,
      ...change,
    }),
    files: async (tree) => {
      for (const [path, text] of Object.entries(tree)) {
        await mkdir(dirname(join(directory, path)), { recursive: true })
        await writeFile(join(directory, path), text)
      }
    },
    run: async (image, settings) => {
      const container = await create(image, settings)
      const { StatusCode } = (await container.wait()) as { StatusCode: number }
      const logs = (await container.logs({ stdout: true, stderr: true })) as unknown as Buffer
      return { output: withoutFrames(logs), exitCode: StatusCode }
    },
    start: async (image, settings) => {
      const container = await create(image, settings)
      const { NetworkSettings } = await container.inspect()
      return { id: container.id, address: NetworkSettings.Networks.bridge?.IPAddress ?? '' }
    },
    pull: async (reference) => {
      const progress = await engine.pull(reference)
      await new Promise<void>((resolve, reject) => {
        engine.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()))
      })
      pulled.push(reference)
    },
    tags,
    close: async () => {
      for (const id of created) await engine.getContainer(id).remove({ force: true })
      for (const tag of await tags()) await engine.getImage(tag).remove({ force: true })
      for (const reference of pulled) await engine.getImage(reference).remove({ force: true })
      await rm(base, { recursive: true, force: true })
    },
  }
}

/** The engine sends each piece of output behind eight bytes that say which stream and how long. */
function withoutFrames(logs: Buffer): string {
  const parts: Buffer[] = []
  for (let at = 0; at + 8 <= logs.length; ) {
    const size = logs.readUInt32BE(at + 4)
    parts.push(logs.subarray(at + 8, at + 8 + size))
    at += 8 + size
  }
  return Buffer.concat(parts).toString('utf8')
}

export async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
