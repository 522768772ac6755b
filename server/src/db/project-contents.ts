import { sql } from 'kysely'
import type { Db } from './db.ts'

type Child = { id: string; name: string; description: string }

export type ProjectContents = {
  services: (Child & { kind: 'combined' | 'build' | 'deployment' })[]
  jobs: (Child & { kind: 'manual' | 'cron' })[]
  addons: (Child & { type: string })[]
  volumes: Child[]
  /** Also those of volumes that are gone. */
  volumeBackups: Child[]
}

/** The names of everything in a project. */
export async function readProjectContents(db: Db, projectId: string): Promise<ProjectContents> {
  const { rows } = await sql<Child & { table: keyof ProjectContents; kind: string }>`
    select 'services' as table, id, name, description, kind from service where project_id = ${projectId}
    union all select 'jobs', id, name, description, kind from job where project_id = ${projectId}
    union all select 'addons', id, name, description, type from addon where project_id = ${projectId}
    union all select 'volumes', id, name, '', '' from volume where project_id = ${projectId}
    union all select 'volumeBackups', volume_id || '/' || id, name, description, '' from volume_backup
     where project_id = ${projectId} and not removing
    order by 1, 2`.execute(db)
  const of = (table: keyof ProjectContents) => rows.filter((row) => row.table === table)
  return {
    services: of('services') as ProjectContents['services'],
    jobs: of('jobs') as ProjectContents['jobs'],
    addons: of('addons').map(({ kind, ...child }) => ({ ...child, type: kind })),
    volumes: of('volumes'),
    volumeBackups: of('volumeBackups'),
  }
}

export async function projectHasAddon(db: Db, projectId: string, id: string): Promise<boolean> {
  const row = await db
    .selectFrom('addon')
    .select('id')
    .where('project_id', '=', projectId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row !== undefined
}
