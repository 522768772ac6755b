import { isDeepStrictEqual } from 'node:util'
import { FairwayError } from '@fairway/contract/errors'
import type { Db } from '../../db/db.ts'
import { listRunsAfter, type ReleaseRunRow } from '../../db/release-runs.ts'
import {
  type BackupTaken,
  type DeployedState,
  listBackupsOfRuns,
  listKeptArtifacts,
  listReleasedTargets,
  listVolumeServices,
  readJobStates,
  readServiceStates,
  type ServiceState,
  type TargetRef,
} from '../../db/stage-state.ts'
import { artifactOf, type RestoredTarget, targetKey } from './choose-release.ts'
import { describeEffects } from './effects.ts'
import { type RunKey, requireRun } from './get.ts'
import type { StageState } from './stage-state.ts'
import { type Change, describeVersions, nameOf, type Plan, STOP_FIRST } from './versions.ts'

export type RollbackOptions = { configuration: boolean; secrets: boolean; flow: boolean }

/** What was deployed then and is deployed now, on one target. */
type Difference = { target: TargetRef; was: DeployedState; now: DeployedState; restored: RestoredTarget }

export type RollbackPlan = Plan & {
  run: ReleaseRunRow
  /** Backups taken since, oldest first: data can be brought back from them by hand. */
  backups: (BackupTaken & { runId: string })[]
  differences: Difference[]
}

/**
 * What rolling back to a run would change, without changing anything: the targets that the run released go back to
 * what they ran after it. Errors: `not_found`, `invalid_state` when the run did not succeed.
 */
export async function planRollback(db: Db, key: RunKey, options: RollbackOptions): Promise<RollbackPlan> {
  const run = await requireRun(db, key)
  const was = stageAfter(run)
  const targets = await listReleasedTargets(db, run.id)
  const now = await readNow(db, key)
  const known = targets.map((target) => ({ target, was: stateOf(was, target), now: stateOf(now, target) }))
  const differences = known.flatMap((one) => differenceOf(one, options))
  const later = (await listRunsAfter(db, key, run.number)).map(({ id }) => id)
  const changes = await changesOf(db, key.projectId, differences)
  return {
    run,
    differences,
    changes,
    steps: changes.map(({ kind, id, to }) => `Deploy ${nameOf(to)} to ${kind} "${id}".`),
    warnings: [
      ...missingTargets(known),
      ...(await goneArtifacts(db, differences)),
      ...flowRemark(run, options),
    ],
    irreversible: await describeEffects(db, later),
    backups: await listBackupsOfRuns(db, [run.id, ...later]),
  }
}

function stageAfter(run: ReleaseRunRow): StageState {
  if (run.status === 'success' && run.stage_after !== null) return run.stage_after as StageState
  throw new FairwayError(
    'invalid_state',
    `This run is ${run.status}: only a successful release can be rolled back to.`,
  )
}

type StageNow = Pick<StageState, 'services' | 'jobs'>

async function readNow(db: Db, key: RunKey): Promise<StageNow> {
  const services = await readServiceStates(db, key)
  const jobs = await readJobStates(db, key)
  return {
    services: Object.fromEntries(services.map(({ id, ...state }) => [id, state])),
    jobs: Object.fromEntries(jobs.map(({ id, ...state }) => [id, state])),
  }
}

const stateOf = (stage: StageNow, { kind, id }: TargetRef): DeployedState | undefined =>
  kind === 'service' ? stage.services[id] : stage.jobs[id]

type Known = { target: TargetRef; was: DeployedState | undefined; now: DeployedState | undefined }

function differenceOf({ target, was, now }: Known, options: RollbackOptions): Difference[] {
  const artifact = artifactOf(was)
  if (was === undefined || now === undefined || artifact === undefined) return []
  const config = target.kind === 'service' ? configOf(was as ServiceState, options) : undefined
  const sameConfig =
    config === undefined ||
    ((config.configVersion === undefined || config.configVersion === now.configVersion) &&
      (config.secretVersions === undefined ||
        isDeepStrictEqual(config.secretVersions, (now as ServiceState).secretVersions)))
  if (now.digest === was.digest && sameConfig) return []
  return [{ target, was, now, restored: { artifact, ...(config !== undefined && { config }) } }]
}

function configOf(was: ServiceState, { configuration, secrets }: RollbackOptions) {
  if (!configuration && !secrets) return undefined
  return {
    ...(configuration && { configVersion: was.configVersion }),
    ...(secrets && was.secretVersions !== null && { secretVersions: was.secretVersions }),
  }
}

async function changesOf(db: Db, projectId: string, differences: readonly Difference[]): Promise<Change[]> {
  const volumes = await listVolumeServices(db, projectId)
  const from = await describeVersions(
    db,
    projectId,
    differences.map(({ now }) => now),
  )
  const to = await describeVersions(
    db,
    projectId,
    differences.map(({ was }) => was),
  )
  return differences.map((difference, index) => ({
    kind: difference.target.kind,
    id: difference.target.id,
    from: from[index] ?? null,
    to: to[index] ?? null,
    ...remarkOf(difference, volumes),
  }))
}

function remarkOf(
  { target, was, now, restored }: Difference,
  volumes: ReadonlySet<string>,
): { remark?: string } {
  const kept =
    target.kind === 'service' &&
    restored.config?.configVersion === undefined &&
    was.configVersion !== now.configVersion
  const remarks = [
    ...(target.kind === 'service' && volumes.has(target.id) ? [STOP_FIRST] : []),
    ...(kept
      ? [`Its configuration stays as it is now (version ${now.configVersion}; it was ${was.configVersion}).`]
      : []),
  ]
  return remarks.length === 0 ? {} : { remark: remarks.join(' ') }
}

const missingTargets = (known: readonly Known[]): string[] =>
  known
    .filter(({ was, now }) => now === undefined || artifactOf(was) === undefined)
    .map(({ target: { kind, id }, now }) =>
      now === undefined
        ? `${kind} "${id}" is not in this stage any more and is left out.`
        : `${kind} "${id}" ran nothing after that run and is left as it is.`,
    )

/** An image from elsewhere is kept there. */
const isExternal = (source: unknown): boolean =>
  (source as { external?: unknown } | null)?.external !== undefined

/** The key is used by whoever starts the rollback: what is not kept cannot be deployed. */
async function goneArtifacts(db: Db, differences: readonly Difference[]): Promise<string[]> {
  const built = differences.filter(({ restored: { artifact } }) => !isExternal(artifact.source))
  const kept = await listKeptArtifacts(
    db,
    built.map(({ restored }) => restored.artifact.digest),
  )
  return built
    .filter(({ restored }) => !kept.has(restored.artifact.digest))
    .map(
      ({ target }) => `The build that ${targetKey(target)} ran is not kept any more: it cannot be deployed.`,
    )
}

const flowRemark = (run: ReleaseRunRow, { flow }: RollbackOptions): string[] =>
  flow ? [`The release flow goes back to version ${run.flow_version}, as a new version.`] : []
