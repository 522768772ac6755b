import type { TriggerView, triggerVerdictView } from '@fairway/contract/routes/trigger-event'
import type { z } from 'zod'

export type Verdict = z.output<typeof triggerVerdictView>

export const SOURCES: Readonly<Record<TriggerView['source'], string>> = {
  webhook: 'webhook of a git host',
  poll: 'look at a repository',
  api: 'call of the API',
  cron: 'schedule',
  image: 'new image',
  gitops: 'document in git',
}

type Happened = Pick<TriggerView, 'source' | 'event' | 'verdicts'>

const KINDS: Readonly<Record<string, string>> = {
  push: 'Push to',
  tag: 'Tag',
  delete: 'Deletion of',
  pull_request: 'Pull request from',
}

/** What happened, as a title: `Push to main`, `Pull request 7 from fix`. Pure. */
export function titleOf({ source, event, verdicts }: Happened): string {
  if (event === null) {
    const [first] = verdicts
    return first === undefined ? `A ${SOURCES[source]}` : `A ${SOURCES[source]} for ${first.id}`
  }
  if (event.pullRequest !== null) return `Pull request ${event.pullRequest.id} from ${event.branch ?? '?'}`
  const kind = KINDS[event.kind]
  return kind === undefined ? event.name : `${kind} ${event.branch ?? '?'}`
}

/** The page of what a verdict started; undefined where it has none. Pure. */
export function startedPage({ projectId, kind, id, startedKind, startedId }: Verdict): string | undefined {
  const at = `/projects/${projectId}`
  const [pipeline, stage] = id.split('/')
  const flow = stage === undefined ? undefined : `${at}/pipelines/${pipeline}/${stage.toLowerCase()}`
  switch (startedKind) {
    case 'build':
      return kind === 'job' ? `${at}/jobs/${id}` : `${at}/services/${id}?tab=builds`
    case 'deployment':
      return `${at}/${kind === 'job' ? 'jobs' : 'services'}/${id}`
    case 'job-run':
      return `${at}/jobs/${id}`
    case 'release-run':
      return flow && `${flow}/runs/${startedId}`
    case 'gitops':
    case 'flow-version':
      return flow && `${flow}/flow`
    case undefined:
      return undefined
  }
}

const STARTED: Readonly<Record<string, string>> = {
  build: 'the build',
  deployment: 'what was deployed',
  'job-run': 'the run',
  'release-run': 'the release',
  gitops: 'the flow',
  'flow-version': 'the flow',
}

export const startedWords = (kind: string): string => STARTED[kind] ?? kind
