import { type FlowDocument, type GitTrigger, isGitTrigger } from '@fairway/contract/flow'
import { DEFAULT_CI_IGNORE_FLAGS } from '@fairway/contract/resources/build-settings'
import type { GitEvent } from '@fairway/contract/resources/trigger-event'
import { refuseByEvent } from './judge.ts'
import type { Watcher } from './watcher.ts'

/** The git triggers of a flow that are about a repository. `repositories`: whose each trigger is, in their order. */
export function triggersFor(
  { triggers }: FlowDocument,
  repositories: readonly (string | null)[],
  keys: readonly string[],
): GitTrigger[] {
  return (triggers ?? []).filter(
    (trigger, index): trigger is GitTrigger =>
      isGitTrigger(trigger) && keys.includes(repositories[index] ?? ''),
  )
}

/** A git trigger as a watcher. Without branch rules no push starts it, without rules for pull requests none of those. */
export function watcherOfTrigger(trigger: GitTrigger, isPaused: boolean): Watcher {
  const { ciIgnoreFlagsEnabled, ciIgnoreFlags = DEFAULT_CI_IGNORE_FLAGS } = trigger
  return {
    kind: 'release-flow',
    ciEnabled: true,
    isPaused,
    branchPatterns: trigger.branchRestrictions ?? [],
    pullRequestPatterns: trigger.prRestrictions ?? [],
    pathRules: trigger.pathIgnoreRules ?? [],
    isAllowList: trigger.isAllowList === true,
    ignoreFlags: ciIgnoreFlagsEnabled === false ? [] : ciIgnoreFlags,
    ignoreDrafts: trigger.ignoreDrafts === true,
  }
}

/** What `${refs.<trigger>...}` reads in a run that this event starts, for each trigger whose branches it fits. */
export function valuesOfTriggers(
  triggers: readonly GitTrigger[],
  event: GitEvent & { branch: string; after: string },
): Record<string, Record<string, string | number>> {
  const fitting = triggers.filter(
    (trigger) => refuseByEvent(event, watcherOfTrigger(trigger, false)) === undefined,
  )
  return Object.fromEntries(
    fitting.flatMap(({ ref }) =>
      ref === undefined
        ? []
        : [
            [
              ref,
              {
                branch: event.branch,
                sha: event.after,
                ...(event.pullRequest !== null && { pullRequestId: event.pullRequest.id }),
              },
            ],
          ],
    ),
  )
}
