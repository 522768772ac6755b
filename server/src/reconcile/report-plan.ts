import { createHash } from 'node:crypto'
import type { Db } from '../db/db.ts'
import type { GitAccountRow } from '../db/git-accounts.ts'
import type { HostReportRow, NewReport } from '../db/host-reports.ts'
import {
  findReportedBuild,
  findReportedRun,
  listReportedVerdicts,
  type ReportedBuild,
  type ReportedRun,
  type ReportedVerdict,
} from '../db/report-subjects.ts'
import { reportingAccountFor, repositoryOf } from '../operations/git-accounts/open.ts'
import { commentOf, shortened, wordsOfBuild, wordsOfRun } from './report-words.ts'

/** The rules of which the author of a pull request wants to hear: those that they can do something about. */
const TOLD_RULES = ['fork', 'draft', 'commit-flag', 'path', 'cannot-start']

type Place = { account: GitAccountRow; repository: string }

/** What shall stand at hosts about a subject: `build/project/build`, `release-run/id` or `trigger/id`. */
export async function reportsOf(db: Db, key: string, publicUrl: string | undefined): Promise<NewReport[]> {
  const [kind, first = '', second = ''] = key.split('/')
  if (kind === 'build') {
    const build = await findReportedBuild(db, { projectId: first, buildId: second })
    const place = build && (await placeOf(db, [build.url]))
    return build === undefined || place === undefined ? [] : reportsOfBuild(build, place, publicUrl)
  }
  if (kind === 'release-run') {
    const run = await findReportedRun(db, first)
    const place = run && (await placeOf(db, run.event.repository?.urls ?? []))
    return run === undefined || place === undefined ? [] : reportsOfRun(run, place, publicUrl)
  }
  const verdicts = await listReportedVerdicts(db, first, TOLD_RULES)
  const place = await placeOf(db, verdicts[0]?.event.repository?.urls ?? [])
  return place === undefined ? [] : verdicts.flatMap((one) => reportsOfVerdict(one, place, publicUrl))
}

async function placeOf(db: Db, urls: readonly string[]): Promise<Place | undefined> {
  for (const url of urls) {
    const repository = repositoryOf(url)
    const account = repository === undefined ? undefined : await reportingAccountFor(db, url)
    if (repository !== undefined && account !== undefined) return { account, repository }
  }
  return undefined
}

type Owner = { project_id: string; kind: 'service' | 'job'; id: string }

const nameOf = ({ project_id, kind, id }: Owner): string =>
  kind === 'service' ? `${project_id}/${id}` : `${project_id}/job/${id}`

const pageOf = ({ project_id, kind, id }: Owner, publicUrl: string | undefined): string | null =>
  publicUrl === undefined ? null : `${publicUrl}/projects/${project_id}/${kind}s/${id}`

/** A build of which the commit is not known yet is told of when it is. */
function reportsOfBuild(
  build: ReportedBuild,
  { account, repository }: Place,
  publicUrl: string | undefined,
): NewReport[] {
  const { sha, project_id, pull_request_id: pullRequest } = build
  if (sha === null) return []
  const owner = { project_id, kind: build.owner_kind, id: build.owner_id }
  const words = wordsOfBuild(build)
  const url = pageOf(owner, publicUrl)
  const common = {
    accountId: account.id,
    repository,
    context: `fairway/${nameOf(owner)}`,
    projectId: project_id,
    subject: { kind: 'build' as const, id: `${project_id}/${build.id}`, at: build.created_at },
  }
  const status = { state: words.state, description: shortened(words.sentence), url }
  const body = commentOf({ name: nameOf(owner), sha, words, url })
  return [
    ...(account.reporting.statuses
      ? [{ ...common, kind: 'status' as const, target: sha, wanted: status }]
      : []),
    ...(account.reporting.comments && pullRequest !== null
      ? [{ ...common, kind: 'comment' as const, target: String(pullRequest), wanted: { body } }]
      : []),
  ]
}

function reportsOfRun(
  run: ReportedRun,
  { account, repository }: Place,
  publicUrl: string | undefined,
): NewReport[] {
  const { project_id, pipeline_id, stage, event } = run
  if (event.after === null || !account.reporting.statuses) return []
  const { state, sentence } = wordsOfRun(run)
  const page = `projects/${project_id}/pipelines/${pipeline_id}/${encodeURIComponent(stage)}/runs/${run.id}`
  const url = publicUrl === undefined ? null : `${publicUrl}/${page}`
  return [
    {
      accountId: account.id,
      repository,
      context: `fairway/${project_id}/release/${pipeline_id}/${stage}`,
      projectId: project_id,
      subject: { kind: 'release-run', id: run.id, at: run.created_at },
      kind: 'status',
      target: event.after,
      wanted: { state, description: shortened(sentence), url },
    },
  ]
}

function reportsOfVerdict(
  verdict: ReportedVerdict,
  { account, repository }: Place,
  publicUrl: string | undefined,
): NewReport[] {
  const { project_id, event, sentence } = verdict
  if (event.after === null || event.pullRequest === null || !account.reporting.comments) return []
  const owner = { project_id, kind: verdict.watcher_kind, id: verdict.watcher_id }
  const url = pageOf(owner, publicUrl)
  const name = nameOf(owner)
  return [
    {
      accountId: account.id,
      repository,
      context: `fairway/${name}`,
      projectId: project_id,
      subject: { kind: 'trigger', id: verdict.event_id, at: verdict.received_at },
      kind: 'comment',
      target: String(event.pullRequest.id),
      wanted: { body: commentOf({ name, sha: event.after, words: { notBuilt: sentence }, url }) },
    },
  ]
}

/** What our own comment is known by. Nobody can guess it before it is there, and put one of theirs in its place. */
export function markerOf(
  { webhook_id }: Pick<GitAccountRow, 'webhook_id'>,
  { repository, target, context }: Pick<HostReportRow, 'repository' | 'target' | 'context'>,
): string {
  const text = [webhook_id, repository, target, context].join('\n')
  return `${context} ${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
}
