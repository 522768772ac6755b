import { present } from '../../../lib/assert.ts'
import type { Resource } from '../resource.ts'
import { addonResource } from './addon.ts'
import { jobResources } from './job.ts'
import { pipelineResource } from './pipeline.ts'
import { projectResource } from './project.ts'
import { secretGroupResource } from './secret-group.ts'
import { serviceResources } from './service.ts'
import { tagResource } from './tag.ts'
import { volumeResource } from './volume.ts'

const byKind = new Map<string, Resource>(
  [
    projectResource,
    tagResource,
    ...serviceResources,
    ...jobResources,
    addonResource,
    secretGroupResource,
    volumeResource,
    pipelineResource,
  ].map((resource) => [resource.kind, resource]),
)

export const resourceOf = (kind: string): Resource =>
  present(byKind.get(kind), `a kind of resource "${kind}"`)
