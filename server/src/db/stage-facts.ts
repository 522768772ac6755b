import { type Stage, stages } from '@fairway/contract/resources/pipeline'
import type { Db } from './db.ts'
import type { FlowKey } from './release-flows.ts'

export type Resources = { services: Set<string>; jobs: Set<string>; addons: Set<string> }

/** What a flow of this stage may address: ids, as they are now. */
export type StageFacts = {
  address: FlowKey
  project: Resources
  stage: Resources
  /** Null: this is the first stage. */
  previous: (Resources & { name: string }) | null
  builders: { buildServices: Set<string>; combinedServices: Set<string>; jobs: Set<string> }
}

export async function readStageFacts(db: Db, key: FlowKey): Promise<StageFacts> {
  const { projectId } = key
  const services = await db
    .selectFrom('service')
    .select(['id', 'kind'])
    .where('project_id', '=', projectId)
    .execute()
  const jobs = await db.selectFrom('job').select(['id', 'spec']).where('project_id', '=', projectId).execute()
  const addons = await db.selectFrom('addon').select('id').where('project_id', '=', projectId).execute()
  const members = await db
    .selectFrom('pipeline_object')
    .select(['object_kind as kind', 'object_id as id', 'stage'])
    .where('project_id', '=', projectId)
    .where('pipeline_id', '=', key.pipelineId)
    .execute()
  const previous = stages[stages.indexOf(key.stage) - 1]
  const ofKind = (kind: string): Set<string> => idsOf(services.filter((service) => service.kind === kind))
  return {
    address: key,
    project: { services: idsOf(services), jobs: idsOf(jobs), addons: idsOf(addons) },
    stage: membersOf(members, key.stage),
    previous: previous === undefined ? null : { ...membersOf(members, previous), name: previous },
    builders: {
      buildServices: ofKind('build'),
      combinedServices: ofKind('combined'),
      jobs: idsOf(jobs.filter(({ spec }) => buildsItself(spec))),
    },
  }
}

const idsOf = (rows: readonly { id: string }[]): Set<string> => new Set(rows.map(({ id }) => id))

type Member = { kind: string; id: string; stage: string }

function membersOf(members: readonly Member[], stage: Stage): Resources {
  const of = (kind: string): Set<string> =>
    idsOf(members.filter((member) => member.stage === stage && member.kind === kind))
  return { services: of('service'), jobs: of('job'), addons: of('addon') }
}

const buildsItself = (spec: unknown): boolean =>
  (spec as { deployment?: { vcs?: unknown } } | null)?.deployment?.vcs !== undefined ||
  (spec as { vcsData?: unknown } | null)?.vcsData !== undefined
