/**
 * Makes repositories into images with the BuildKit of a Docker Engine. An image is known to be this installation's by
 * its tag on the engine; with a registry it is pushed, and recorded by the digest of its manifest there. Nothing about
 * an image is kept in memory or on disk here: after a restart the engine and the registry say what there is.
 */
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CrashPoints } from '../../lib/crash-point.ts'
import { connectEngine, type Engine } from '../../lib/docker/engine.ts'
import type { Builder, BuildRequest, BuiltArtifact } from '../../reconcile/builder-port.ts'
import { withBuildDeadline } from '../build-deadline.ts'
import { findContext, writeBuildFiles } from '../bundle/copy-context.ts'
import { hideBuildArguments } from './hide-arguments.ts'
import { labelsOf, stagingTag } from './image-names.ts'
import { type ImageStore, openImageStore, type StoreRegistry } from './image-store.ts'
import { engineTrouble, findImage, untagImage } from './local-images.ts'
import { packProcesses } from './pack-build.ts'
import { planImage } from './plan-image.ts'
import { runPlan } from './run-plan.ts'
import { inWorkshop, sweepWorkshops, type Workshop } from './workshop.ts'

export const imageBuildCrashPoints = ['build.after-image', 'build.after-tag', 'build.after-push'] as const

export type ImageBuilderOptions = {
  /** Of the engine. */
  socket: string
  /** Tells this installation's images from others on the same engine and registry. */
  installation: string
  /** Private folder for what builds need while they run. One server at a time may use it. */
  root: string
  /** Absolute folders in which the `docker` and `pack` commands are looked for, in this order. */
  programFolders: readonly string[]
  /** Where images are pushed; without one they stay on the engine. */
  registry?: StoreRegistry
  /** An image with Node.js, npm and a shell, for repositories without a Dockerfile. */
  baseImage?: string
  timeoutSeconds: number
  crash: CrashPoints
}

const BASE_IMAGE = 'node:20-slim'

/** A builder that drives BuildKit. Besides the port's errors it raises `registry_unreachable`, `image_denied` and `timed_out`. */
export function createImageBuilder(options: ImageBuilderOptions): Builder {
  const engine = connectEngine(options.socket)
  const store = openImageStore(engine, options)
  const making = new Set<string>()
  let swept: Promise<void> | undefined
  return {
    build: async (request) => {
      swept ??= sweepWorkshops(options.root)
      await swept
      return withBuildDeadline(options.timeoutSeconds, request.signal, (signal) =>
        inWorkshop(options.root, { ...credentialsOf(options.registry), ...request.registries }, (workshop) =>
          make({ ...request, signal }, { options, engine, store, making, workshop }),
        ),
      )
    },
    locate: (digest) => store.locate(digest),
    collect: (keep) => store.collect(keep, making),
  }
}

const credentialsOf = (registry: StoreRegistry | undefined) =>
  registry?.credentials === undefined ? {} : { [registry.host]: registry.credentials }

type Shop = {
  options: ImageBuilderOptions
  engine: Engine
  store: ImageStore
  making: Set<string>
  workshop: Workshop
}

async function make(request: BuildRequest, shop: Shop): Promise<BuiltArtifact> {
  const { options, engine, making } = shop
  const tag = stagingTag(options.installation, randomUUID())
  making.add(tag)
  try {
    return await makeTagged(request, shop, tag)
  } catch (error) {
    request.signal.throwIfAborted()
    throw engineTrouble(error)
  } finally {
    making.delete(tag)
    await untagImage(engine, tag)
  }
}

/** Which commit it is may be told. */
const secretArguments = (all: BuildRequest['arguments']): Record<string, string> =>
  Object.fromEntries(Object.entries(all).filter(([name]) => !name.startsWith('NF_GIT_')))

/** The staging tag keeps the image from being collected until it has its own. */
async function makeTagged(request: BuildRequest, shop: Shop, tag: string): Promise<BuiltArtifact> {
  const { options, engine, store, workshop } = shop
  const { owner, checkout, log, signal } = request
  const { socket, installation, programFolders } = options
  const context = await findContext(checkout.directory, request.context)
  // The history of the repository may hold what its last commit does not.
  await rm(join(context, '.git'), { recursive: true, force: true })
  await writeBuildFiles(context, request.files)
  const plan = await planImage(request, context)
  const processes = await runPlan(plan, {
    ...{ request, context, tag, socket, programFolders, workshop },
    baseImage: options.baseImage ?? BASE_IMAGE,
    labels: labelsOf(installation, { owner, sha: checkout.sha }),
  })
  options.crash.hit('build.after-image')
  await hideBuildArguments(engine, { tag, secrets: secretArguments(request.arguments), signal })
  const image = await findImage(engine, tag)
  if (image === undefined) throw new Error('the image that was built is not on the engine')
  const digest = await store.keep(image.id, { owner, sha: checkout.sha, log, signal })
  return {
    digest,
    kind: 'image',
    sizeBytes: image.sizeBytes,
    processes: processes ?? packProcesses(image.labels),
  }
}
