import type { GitEvent, WatcherKind } from '@fairway/contract/resources/trigger-event'
import type { Db, Tx } from '../db/db.ts'
import type { Watcher } from '../triggers/watcher.ts'

/** Something that an event may start. */
export type TriggerTarget = {
  /** Empty: of the team. */
  projectId: string
  kind: WatcherKind
  id: string
  /** Where its repository is read from. */
  url: string
  watcher: Watcher
  /** Further rules of the same target: it starts when one of them says so. */
  alternatives?: readonly Watcher[]
  /** What an older event started gives way even while it runs. */
  abortsRunning?: boolean
}

export const watchersOf = ({ watcher, alternatives = [] }: TriggerTarget): readonly Watcher[] => [
  watcher,
  ...alternatives,
]

/** What was built of the event's branch before. */
export type TargetHistory = {
  /** What the changed files are counted from; null when nothing of the branch was built. */
  base: string | null
  newestBuild: { id: string; sha: string | null; concluded: boolean } | undefined
}

/** An event that names a branch and a commit. */
export type StartingEvent = GitEvent & { branch: string; after: string }

export type Started = { kind: 'build' | 'release-run' | 'gitops'; id: string }

/** One kind of targets: how to find them and how to start them. */
export type TargetSource = {
  kinds: readonly WatcherKind[]
  list(db: Db, query: { keys: readonly string[]; projectId: string | undefined }): Promise<TriggerTarget[]>
  /** Asked only for targets that the event is for. */
  history(
    db: Db,
    targets: readonly TriggerTarget[],
    event: StartingEvent,
  ): Promise<ReadonlyMap<TriggerTarget, TargetHistory>>
  /** Makes room before anything starts; answers by target what was aborted. */
  supersede(
    tx: Tx,
    targets: readonly TriggerTarget[],
    event: StartingEvent,
  ): Promise<ReadonlyMap<TriggerTarget, string[]>>
  /** A branch of these repositories is gone; answers how many builds of it that still waited were aborted. */
  branchDeleted?(
    tx: Tx,
    gone: { keys: readonly string[]; projectId: string | undefined; branch: string },
  ): Promise<number>
  /** Raises a `FairwayError`, and has written nothing, when the target cannot start. */
  start(tx: Tx, target: TriggerTarget, event: StartingEvent): Promise<Started>
}
