import type { ReleaseSpec } from '@fairway/contract/nodes/release'
import type { ExternalSource } from '@fairway/contract/resources/deployment'
import { readAwaitedRollout } from '../../db/awaited.ts'
import type { Tx } from '../../db/db.ts'
import { findHold } from '../../db/holds.ts'
import { type TargetRef, turnContinuousDeploymentOff } from '../../db/stage-state.ts'
import { waitFor } from '../../db/waiters.ts'
import type { ArtifactChoice } from '../../operations/artifact-choice.ts'
import { deployToJob } from '../../operations/jobs/deploy.ts'
import type { KnownImages } from '../../operations/registries/external-image.ts'
import {
  chooseRelease,
  type RestoredConfig,
  restoredConfig,
  restoredTarget,
} from '../../operations/runs/choose-release.ts'
import { deployToService } from '../../operations/services/deploy.ts'
import { done, failed, type NodeResult, waiting } from '../model.ts'
import { defineNode, type NodeDeps, POLL_MS, type StepContext, type StepResult } from '../node.ts'

type Deployed = {
  revisionId: string | null
  changed: boolean
  digest: string
  buildId: string | null
  source: unknown
}
/** Empty while a registry is asked. */
type State = Deployed | Record<never, never>
type Context = StepContext<ReleaseSpec, State>

/** Deploys to a service or job of the stage; with its condition, until the new version runs. */
export const releaseNode = defineNode<ReleaseSpec, State>({
  kind: 'Release',
  step: (tx, context, deps) => {
    const { state } = context
    return state !== null && 'digest' in state ? look(tx, state, context) : begin(tx, context, deps)
  },
  /** Which image a reference points at. */
  act: ({ run, spec }, { lookUpImage }, signal) =>
    lookUpImage({ projectId: run.project_id, external: spec.origin as ExternalSource }, signal),
})

/** An image is asked for first, outside of the transaction that deploys it. */
async function begin(tx: Tx, context: Context, deps: NodeDeps): Promise<StepResult> {
  const { run, spec, acted } = context
  const isRestored = restoredTarget(run, { kind: spec.target.type, id: spec.target.id }) !== undefined
  if (spec.type !== 'registry' || isRestored) return deploy(tx, context, deps)
  if (acted?.is !== 'answer') return { is: 'act', state: {} }
  const image = { projectId: run.project_id, external: spec.origin, digest: String(acted.value) }
  return deploy(tx, context, deps, [image])
}

async function deploy(tx: Tx, context: Context, deps: NodeDeps, images?: KnownImages): Promise<NodeResult> {
  const { run, spec } = context
  const target: TargetRef = { kind: spec.target.type, id: spec.target.id }
  const artifact = await chooseRelease(tx, { run, spec, images })
  const refusal = await refusalOf(tx, context, target, artifact)
  if (refusal !== undefined) return refusal
  const deployed = await install(tx, context, { target, artifact }, deps)
  await turnContinuousDeploymentOff(tx, run.project_id, target)
  await waitFor(tx, run.id, 'service', `${run.project_id}/${target.id}`)
  return look(tx, deployed, context)
}

/** What was rolled back stays away until a person says otherwise; a person's run may deploy it. */
async function refusalOf(
  tx: Tx,
  { run }: Context,
  target: TargetRef,
  { digest }: ArtifactChoice,
): Promise<NodeResult | undefined> {
  if (run.trigger !== 'automatic') return undefined
  const hold = await findHold(tx, { projectId: run.project_id, target, digest })
  if (hold === undefined) return undefined
  return failed(
    'held',
    `This version is held from "${target.id}": ${hold.reason} Lift the hold to deploy it.`,
  )
}

async function install(
  tx: Tx,
  { run }: Context,
  { target, artifact }: { target: TargetRef; artifact: ArtifactChoice },
  { sealer }: NodeDeps,
): Promise<Deployed> {
  const { project_id: projectId, kind } = run
  const common = { projectId, artifact, actor: run.created_by ?? 'release flow' }
  const isRollback = kind === 'rollback'
  const { digest, buildId = null, source } = artifact
  if (target.kind === 'job') {
    const reason = isRollback ? 'rollback' : 'promote'
    const { changed } = await deployToJob(tx, { ...common, reason, jobId: target.id }, sealer)
    return { revisionId: null, changed, digest, buildId, source }
  }
  const config: RestoredConfig | undefined = restoredConfig(run, target)
  const reason = isRollback ? 'rollback' : 'deploy'
  const request = {
    ...common,
    reason,
    serviceId: target.id,
    ...(config !== undefined && { config }),
  } as const
  const { revisionId, changed } = await deployToService(tx, request, sealer)
  return { revisionId, changed, digest, buildId, source }
}

/** The rollout of this revision decides: it is complete, or it failed and says why. */
async function look(tx: Tx, deployed: Deployed, { waits }: Context): Promise<NodeResult> {
  const { revisionId } = deployed
  if (!waits || revisionId === null) return done(answerOf(deployed))
  const rollout = await readAwaitedRollout(tx, revisionId)
  switch (rollout?.state) {
    case 'completed':
      return done(answerOf(deployed))
    case 'failed':
      return failed('rollout_failed', rollout.message ?? 'The rollout failed.')
    case 'superseded':
      return failed('superseded', 'Another deployment took the place of this one before it was complete.')
    default:
      return waiting({ wakeAfterMs: POLL_MS, state: deployed })
  }
}

function answerOf({ source, ...deployed }: Deployed): unknown {
  const { internal, external } = (source ?? {}) as { internal?: object; external?: object }
  return {
    ...deployed,
    ...(internal !== undefined && { internal }),
    ...(external !== undefined && { external }),
  }
}
