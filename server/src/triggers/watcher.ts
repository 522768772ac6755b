import { type BuildConfiguration, DEFAULT_CI_IGNORE_FLAGS } from '@fairway/contract/resources/build-settings'
import type { WatcherKind } from '@fairway/contract/resources/trigger-event'

/** What decides whether an event starts something, for one service, job or release flow. */
export type Watcher = {
  kind: WatcherKind
  ciEnabled: boolean
  /** Nothing starts by itself until a person lets it. */
  isPaused?: boolean
  /** Branch names, `*` standing for any characters. Empty: no push starts anything. */
  branchPatterns: readonly string[]
  /** The same for the head branch of pull requests. */
  pullRequestPatterns: readonly string[]
  /** In .gitignore syntax. Empty: every path counts. */
  pathRules: readonly string[]
  /** The rules name what starts instead of what does not. */
  isAllowList: boolean
  /** Empty: messages do not matter. */
  ignoreFlags: readonly string[]
  ignoreDrafts: boolean
}

/** The part of a service or job that its watcher is read from. */
export type WatchingBuilder = {
  kind: 'service' | 'job'
  /** The branch it is bound to; undefined for a build service of several. */
  branch: string | undefined
  disabledCI: boolean
  configuration: BuildConfiguration
}

const DEFAULT_BRANCHES = ['master', 'main']

/** A service or job as a watcher: one branch when it is bound to one, else its restrictions. */
export function watcherOfBuilder({ kind, branch, disabledCI, configuration }: WatchingBuilder): Watcher {
  const flags = configuration.ciIgnoreFlagsEnabled === false ? [] : configuration.ciIgnoreFlags
  return {
    kind,
    ciEnabled: !disabledCI,
    branchPatterns: branch === undefined ? (configuration.branchRestrictions ?? DEFAULT_BRANCHES) : [branch],
    pullRequestPatterns: branch === undefined ? (configuration.prRestrictions ?? ['*']) : [],
    pathRules: configuration.pathIgnoreRules ?? [],
    isAllowList: configuration.isAllowList === true,
    ignoreFlags: flags ?? DEFAULT_CI_IGNORE_FLAGS,
    ignoreDrafts: false,
  }
}
