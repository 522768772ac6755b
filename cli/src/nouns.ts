import type { Columns } from './output.ts'

/** How one kind of resource is addressed and shown. `list` is the key of the list answer. */
export type Noun = {
  plural: string
  /** Path below `/v1`; `{project}` is filled in. */
  path: string
  list: string
  columns: Columns
  /** Typed paths for create, put and patch, where the API has them. */
  typed?: Readonly<Record<string, string>>
  /** What is sent without a document: for instance only a name. */
  createFromName?: boolean
}

export const nouns: Readonly<Record<string, Noun>> = {
  project: {
    plural: 'projects',
    path: '/projects',
    list: 'projects',
    columns: { ID: 'id', NAME: 'name', DESCRIPTION: 'description' },
    createFromName: true,
  },
  service: {
    plural: 'services',
    path: '/projects/{project}/services',
    list: 'services',
    columns: {
      ID: 'id',
      TYPE: 'serviceType',
      DEPLOYMENT: 'status.deployment.status',
      BUILD: 'status.build.status',
    },
    typed: { combined: 'combined', build: 'build', deployment: 'deployment' },
  },
  job: {
    plural: 'jobs',
    path: '/projects/{project}/jobs',
    list: 'jobs',
    columns: { ID: 'id', TYPE: 'jobType', DESCRIPTION: 'description' },
    typed: { manual: 'manual', cron: 'cron' },
  },
  addon: {
    plural: 'addons',
    path: '/projects/{project}/addons',
    list: 'addons',
    columns: { ID: 'id', TYPE: 'spec.type', VERSION: 'spec.config.versionTag', STATUS: 'status' },
  },
  secret: {
    plural: 'secrets',
    path: '/projects/{project}/secrets',
    list: 'secrets',
    columns: {
      ID: 'id',
      TYPE: 'type',
      SCOPE: 'secretType',
      PRIORITY: 'priority',
      RESTRICTED: 'restrictions.restricted',
    },
  },
  tag: {
    plural: 'tags',
    path: '/tags',
    list: 'tags',
    columns: { ID: 'id', NAME: 'name', DESCRIPTION: 'description' },
    createFromName: true,
  },
  pipeline: {
    plural: 'pipelines',
    path: '/projects/{project}/pipelines',
    list: 'pipelines',
    columns: { ID: 'id', NAME: 'name' },
    createFromName: true,
  },
  template: {
    plural: 'templates',
    path: '/templates',
    list: 'templates',
    columns: { ID: 'id', VERSION: 'version', DESCRIPTION: 'description' },
  },
  'project-template': {
    plural: 'project-templates',
    path: '/projects/{project}/templates',
    list: 'templates',
    columns: { ID: 'id', VERSION: 'version', DESCRIPTION: 'description' },
  },
}
