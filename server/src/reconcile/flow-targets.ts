import type { Db, Tx } from '../db/db.ts'
import { listFlowStarts, listWatchingFlows, noteFlowStart, type WatchingFlow } from '../db/flow-triggers.ts'
import type { FlowKey } from '../db/release-flows.ts'
import { repositoryKeys } from '../db/watchers.ts'
import { type RunDeps, startRun } from '../operations/runs/start.ts'
import { flowName, keyOfFlowName } from '../operations/triggers/flow-name.ts'
import { triggersFor, valuesOfTriggers, watcherOfTrigger } from '../triggers/flow-watcher.ts'
import type { StartingEvent, TargetHistory, TargetSource, TriggerTarget } from './trigger-targets.ts'

const ACTOR = 'git trigger'

/** Release flows with git triggers. A flow with several starts once when any of them says so. */
export const flowTargets = (deps: RunDeps): TargetSource => ({
  kinds: ['release-flow'],
  list: async (db, { keys, projectId }) =>
    (await listWatchingFlows(db, { keys, projectId })).flatMap((flow) => targetOf(flow, keys)),
  history,
  // The concurrency policy of the flow decides what becomes of its other runs.
  supersede: async () => new Map(),
  start: (tx, target, event) => start(tx, { target, event }, deps),
})

function targetOf(flow: WatchingFlow, keys: readonly string[]): TriggerTarget[] {
  const triggers = triggersFor(flow.document, flow.repositories, keys)
  const isPaused = flow.document.options?.paused === true
  const [watcher, ...alternatives] = triggers.map((trigger) => watcherOfTrigger(trigger, isPaused))
  const url = triggers[0]?.repoUrl
  if (watcher === undefined || url === undefined) return []
  const id = flowName(flow)
  return [{ projectId: flow.projectId, kind: 'release-flow', id, url, watcher, alternatives }]
}

const keyOf = ({ projectId, id }: TriggerTarget): FlowKey => keyOfFlowName(projectId, id)

async function history(
  db: Db,
  targets: readonly TriggerTarget[],
  { branch, pullRequest, repository }: StartingEvent,
): Promise<Map<TriggerTarget, TargetHistory>> {
  const keys = await repositoryKeys(db, repository?.urls ?? [])
  const starts = await listFlowStarts(db, targets.map(keyOf), {
    keys,
    branch,
    pullRequestId: pullRequest?.id ?? 0,
  })
  const byName = new Map(starts.map((one) => [`${one.projectId}/${flowName(one)}`, one]))
  return new Map(
    targets.map((target) => {
      const last = byName.get(`${target.projectId}/${target.id}`)
      const newestBuild = last && { id: last.runId, sha: last.sha, concluded: last.concluded }
      return [target, { base: last?.sha ?? pullRequest?.base.sha ?? null, newestBuild }]
    }),
  )
}

type Start = { target: TriggerTarget; event: StartingEvent }

async function start(tx: Tx, { target, event }: Start, deps: RunDeps) {
  const key = keyOf(target)
  const keys = await repositoryKeys(tx, event.repository?.urls ?? [])
  const [flow] = await listWatchingFlows(tx, { keys, flow: key })
  const triggers = flow === undefined ? [] : triggersFor(flow.document, flow.repositories, keys)
  const overrides = valuesOfTriggers(triggers, event)
  const run = await startRun(tx, { key, body: { overrides }, actor: ACTOR, trigger: 'automatic' }, deps)
  const { branch, after: sha, pullRequest } = event
  const repository = flow?.repositories.find((one) => one !== null && keys.includes(one)) ?? keys[0] ?? ''
  await noteFlowStart(tx, key, {
    repository,
    branch,
    sha,
    pullRequestId: pullRequest?.id ?? 0,
    runId: run.id,
  })
  return { kind: 'release-run', id: run.id } as const
}
