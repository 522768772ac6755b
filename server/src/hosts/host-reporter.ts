import { FairwayError } from '@fairway/contract/errors'
import type { GitHostName } from '@fairway/contract/resources/trigger-event'
import type { HostReporter } from '../reconcile/host-reporter-port.ts'
import { bitbucketReporter } from './bitbucket-reporter.ts'
import { giteaReporter } from './gitea-reporter.ts'
import { createGithubReporter } from './github-reporter.ts'
import { gitlabReporter } from './gitlab-reporter.ts'

/** Writes to the host of each account in its own way. */
export function createHostReporter(): HostReporter {
  const reporters: Partial<Record<GitHostName, HostReporter>> = {
    github: createGithubReporter(),
    gitlab: gitlabReporter,
    bitbucket: bitbucketReporter,
    gitea: giteaReporter,
  }
  const of = (host: GitHostName): HostReporter => {
    const reporter = reporters[host]
    if (reporter !== undefined) return reporter
    throw new FairwayError('host_refused', 'This kind of host takes no statuses and comments.')
  }
  return {
    reportStatus: async (report) => of(report.account.host).reportStatus(report),
    comment: async (report) => of(report.account.host).comment(report),
  }
}
