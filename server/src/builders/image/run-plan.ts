import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BuildRequest } from '../../reconcile/builder-port.ts'
import { passableArguments } from './build-command.ts'
import { findDockerProgram } from './docker-program.ts'
import { nodeDockerfile, nodeNotes, STATIC_PROCESSES, staticDockerfile } from './generated-dockerfile.ts'
import { component } from './image-names.ts'
import { runPackBuild } from './pack-build.ts'
import type { ImagePlan } from './plan-image.ts'
import { runDockerBuild } from './run-build.ts'
import { limitSteps, limitsRemark } from './step-limits.ts'
import type { Workshop } from './workshop.ts'

export type PlanRun = {
  request: BuildRequest
  context: string
  /** What the image is called afterwards. */
  tag: string
  socket: string
  programFolders: readonly string[]
  baseImage: string
  labels: Readonly<Record<string, string>>
  workshop: Workshop
}

type Processes = Readonly<Record<string, string>>

/** Builds the image; answers its process types, or undefined where the image itself names them. */
export async function runPlan(plan: ImagePlan, run: PlanRun): Promise<Processes | undefined> {
  const { request } = run
  if (plan.kind === 'buildpack') {
    if (hasLimits(request)) request.log('Warning: builds with buildpacks have no CPU and memory limits here.')
    await runPackBuild(run, run.workshop)
    return undefined
  }
  const { dockerfile, processes } = await dockerfileOf(plan, run)
  await limited(run, async (limitedRequest) => {
    const { socket, context, tag, labels, programFolders } = run
    await runDockerBuild(
      {
        ...{ socket, dockerfile, context, tag, labels, request: limitedRequest },
        program: await findDockerProgram(programFolders),
        target: plan.kind === 'dockerfile' ? request.dockerfile?.target : undefined,
        useCache: request.dockerfile?.useCache ?? true,
      },
      run.workshop,
    )
  })
  return processes
}

async function dockerfileOf(
  plan: Exclude<ImagePlan, { kind: 'buildpack' }>,
  { request, baseImage, workshop }: PlanRun,
): Promise<{ dockerfile: string; processes: Processes }> {
  // What it starts stands in its CMD.
  if (plan.kind === 'dockerfile') return { dockerfile: plan.path, processes: {} }
  const dockerfile = join(workshop.folder, 'Dockerfile')
  if (plan.kind === 'static') {
    request.log('There is no Dockerfile: the folder is served as a static site.')
    await writeFile(dockerfile, staticDockerfile({ baseImage }))
    return { dockerfile, processes: STATIC_PROCESSES }
  }
  request.log(`There is no Dockerfile: building as Node.js on ${baseImage}.`)
  for (const note of nodeNotes(plan)) request.log(note)
  const { projectId, ownerId } = request.owner
  const ground = {
    baseImage,
    cacheId: `fairway-npm-${component(projectId)}-${component(ownerId)}`,
    argumentNames: Object.keys(passableArguments(request.arguments).passed),
  }
  await writeFile(dockerfile, nodeDockerfile(plan, ground))
  return { dockerfile, processes: plan.processes }
}

const hasLimits = ({ limits }: BuildRequest): boolean =>
  limits.cpuMillis !== undefined || limits.memoryMb !== undefined

/** Does the work while the steps of the build are held to their limits. */
async function limited(
  { request, workshop }: PlanRun,
  work: (request: BuildRequest) => Promise<void>,
): Promise<void> {
  if (!hasLimits(request)) return work(request)
  const remark = await limitsRemark()
  if (remark !== undefined) {
    request.log(`Warning: ${remark}`)
    return work(request)
  }
  const { no_proxy: lower, ...rest } = request.arguments
  const { limits, log } = request
  const watch = limitSteps({
    ...{ limits, log, home: workshop.home, id: randomUUID() },
    noProxy: request.arguments.NO_PROXY ?? lower,
  })
  try {
    await work({ ...request, arguments: { ...rest, NO_PROXY: watch.noProxy } })
  } finally {
    await watch.stop()
  }
}
