import { FairwayError } from '@fairway/contract/errors'
import type { RunRequest } from '@fairway/contract/flow'
import type { BuildSpec } from '@fairway/contract/nodes/build'
import type { ReleaseSpec } from '@fairway/contract/nodes/release'
import { holdsExpression } from '@fairway/contract/nodes/values'
import type { Db } from '../../db/db.ts'
import { findHold } from '../../db/holds.ts'
import type { FlowKey } from '../../db/release-flows.ts'
import { listVolumeServices, readDeployed, type TargetRef } from '../../db/stage-state.ts'
import type { ForeseenStep } from '../flows/flow-rules.ts'
import { requireReleaseFlow } from '../flows/get.ts'
import { chooseRelease } from './choose-release.ts'
import { describeStep } from './describe-step.ts'
import { effectOf } from './effects.ts'
import { prepareRun, type RunDeps } from './start.ts'
import { type Change, describeVersions, type Plan, STOP_FIRST, type Version } from './versions.ts'

/**
 * What a run of the flow would change if it started now, without running anything. What a step of the run itself
 * will make, such as a build, is told by its branch. 400 as for a run that cannot start.
 */
export async function planRun(db: Db, key: FlowKey, body: RunRequest, deps: RunDeps): Promise<Plan> {
  const flow = await requireReleaseFlow(db, key)
  const { document, values } = await prepareRun(db, { key, flow, body }, deps)
  const steps = deps.rules.foresee(document, values).filter(({ skipped }) => !skipped)
  const volumes = await listVolumeServices(db, key.projectId)
  const plan: Plan = { changes: [], steps: steps.map(describeStep), warnings: [], irreversible: [] }
  for (const step of steps) {
    if (step.kind === 'Release') await addRelease(db, key, { step, steps, volumes, plan })
    if (effectOf(step.kind, step.spec) !== undefined)
      plan.irreversible.push(`${describeStep(step)} What it does stays.`)
  }
  return plan
}

type Adding = {
  step: ForeseenStep
  steps: readonly ForeseenStep[]
  volumes: ReadonlySet<string>
  plan: Plan
}

async function addRelease(db: Db, key: FlowKey, { step, steps, volumes, plan }: Adding): Promise<void> {
  const spec = step.spec as ReleaseSpec
  const target: TargetRef = { kind: spec.target.type, id: spec.target.id }
  if (holdsExpression(target.id) || holdsExpression(target.kind)) {
    plan.warnings.push(`${describeStep(step)} Its target is known only when the run gets there.`)
    return
  }
  const [from = null] = await describeVersions(db, key.projectId, [
    await readDeployed(db, key.projectId, target),
  ])
  const planned = await foreseeVersion(db, key, spec, steps)
  const change: Change = {
    ...target,
    from,
    to: planned.version,
    ...(target.kind === 'service' && volumes.has(target.id) && { remark: STOP_FIRST }),
  }
  plan.changes.push(change)
  if (planned.warning !== undefined) plan.warnings.push(planned.warning)
  const digest = planned.version?.digest
  if (digest !== null && digest !== undefined)
    plan.warnings.push(...(await holdWarning(db, key, target, digest)))
}

type Foreseen = { version: Version | null; warning?: string }

async function foreseeVersion(
  db: Db,
  key: FlowKey,
  spec: ReleaseSpec,
  steps: readonly ForeseenStep[],
): Promise<Foreseen> {
  const made = madeBy(spec, steps)
  if (made !== undefined) return { version: made }
  if (spec.type === 'registry') return { version: imageVersion(spec.origin) }
  try {
    const run = { project_id: key.projectId, kind: 'release', release_node_overrides: {} } as const
    const { digest, source, buildId = null } = await chooseRelease(db, { run, spec })
    const [version = null] = await describeVersions(db, key.projectId, [{ digest, source, buildId }])
    return { version }
  } catch (error) {
    if (error instanceof FairwayError) return { version: null, warning: error.message }
    throw error
  }
}

/** What the reference points at is asked when the step runs. */
const imageVersion = ({ imagePath }: { imagePath: string }): Version => ({
  digest: null,
  buildId: null,
  sha: null,
  branch: null,
  message: null,
  image: imagePath,
})

/** A build that this run itself will make: named by reference, so only its branch is known. */
function madeBy(spec: ReleaseSpec, steps: readonly ForeseenStep[]): Version | undefined {
  if (spec.type !== 'build' || !holdsExpression(spec.origin.build)) return undefined
  const ref = /\$\{refs\.([\w-]+)\./.exec(spec.origin.build)?.[1]
  const build = steps.find((step) => step.kind === 'Build' && step.ref === ref)?.spec as BuildSpec | undefined
  return {
    digest: null,
    buildId: null,
    sha: build?.sha !== undefined && !holdsExpression(build.sha) ? build.sha : null,
    branch: build?.branch ?? null,
    message: 'to be built by this run',
    image: null,
  }
}

async function holdWarning(
  db: Db,
  { projectId }: FlowKey,
  target: TargetRef,
  digest: string,
): Promise<string[]> {
  const hold = await findHold(db, { projectId, target, digest })
  if (hold === undefined) return []
  return [
    `This version is held from ${target.kind} "${target.id}": ${hold.reason} A run by hand may deploy it.`,
  ]
}
