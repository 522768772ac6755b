import { z } from 'zod'
import { addonBody } from '../../resources/addon.ts'
import { cronJobBody, jobBody, manualJobBody } from '../../resources/job.ts'
import { projectBody } from '../../resources/project.ts'
import { secretGroupBody } from '../../resources/secret-group.ts'
import { buildService, combinedService, deploymentService } from '../../resources/service.ts'
import { tagBody } from '../../resources/tag.ts'
import { volumeBody } from '../../resources/volume.ts'
import { DEFAULT_TIMEOUT_SECONDS, plainNode } from '../envelope.ts'
import { pipelineWithFlows } from './pipeline-with-flows.ts'

export const updateModes = ['put', 'patch'] as const

/** A body whose values may be expressions: the rules of templates check it, and the step itself once it is resolved. */
const looseBody = z
  .record(z.string(), z.json())
  .describe('The body by which the API makes such a thing; projectId says where')

const resourceNode = <K extends string>(kind: K) =>
  plainNode({ kind, spec: looseBody }).extend({
    updateMode: z
      .enum(updateModes, { error: 'must be put or patch' })
      .optional()
      .describe(
        'put (the default): make it, or make it like this. patch: change what is named; it must exist.',
      ),
  })

/** What one kind of resource is: the body that makes it, and what later steps read of it. */
export type ResourceEntry = {
  kind: ResourceKind
  uiName: string
  doc: string
  /** Its `spec` with every expression resolved, without `projectId`. */
  body: z.ZodType
  /** Where its name is known: in a project, or everywhere. */
  scope: 'project' | 'team'
  outputs: readonly string[]
  timeoutSeconds: number
  /** The whole node as written in a document. */
  node: z.ZodType
  /** Its spec, resolved; of a patch it is only a part of the body. */
  spec: z.ZodType
}

type Parts = Pick<ResourceEntry, 'uiName' | 'doc' | 'body' | 'scope' | 'outputs'>

const entry = <K extends string>(kind: K, parts: Parts) => ({
  kind,
  ...parts,
  timeoutSeconds: DEFAULT_TIMEOUT_SECONDS,
  node: resourceNode(kind),
  spec: looseBody,
})

const entries = [
  entry('Project', {
    uiName: 'Project',
    doc: 'A project, which holds everything below. Its id is for `context.projectId` of the steps that follow.',
    body: projectBody,
    scope: 'team',
    outputs: ['id', 'name'],
  }),
  entry('ResourceTag', {
    uiName: 'Tag',
    doc: 'A label that resources carry, and that secret groups are restricted to.',
    body: tagBody,
    scope: 'team',
    outputs: ['id', 'name'],
  }),
  entry('CombinedService', {
    uiName: 'Combined service',
    doc: 'A service that builds and runs one branch. Making it starts its first build.',
    body: combinedService,
    scope: 'project',
    outputs: ['id', 'name', 'ports'],
  }),
  entry('BuildService', {
    uiName: 'Build service',
    doc: 'A service that builds branches, for other services and jobs to run.',
    body: buildService,
    scope: 'project',
    outputs: ['id', 'name'],
  }),
  entry('DeploymentService', {
    uiName: 'Deployment service',
    doc: 'A service that runs a build or an external image.',
    body: deploymentService,
    scope: 'project',
    outputs: ['id', 'name', 'ports'],
  }),
  entry('Job', {
    uiName: 'Job',
    doc: 'A job, with a schedule when `settings.cron` is given.',
    body: jobBody,
    scope: 'project',
    outputs: ['id', 'name'],
  }),
  entry('ManualJob', {
    uiName: 'Manual job',
    doc: 'A job that runs when it is asked to.',
    body: manualJobBody,
    scope: 'project',
    outputs: ['id', 'name'],
  }),
  entry('CronJob', {
    uiName: 'Cron job',
    doc: 'A job that runs on a schedule.',
    body: cronJobBody,
    scope: 'project',
    outputs: ['id', 'name'],
  }),
  entry('Addon', {
    uiName: 'Addon',
    doc: 'A database or a cache. Its type, version and credentials cannot be changed later.',
    body: addonBody,
    scope: 'project',
    outputs: ['id', 'name', 'type'],
  }),
  entry('SecretGroup', {
    uiName: 'Secret group',
    doc: 'Variables and files for services and jobs, and the connection details of addons.',
    body: secretGroupBody,
    scope: 'project',
    outputs: ['id', 'name'],
  }),
  entry('Volume', {
    uiName: 'Volume',
    doc: 'A disk for one service.',
    body: volumeBody,
    scope: 'project',
    outputs: ['id', 'name'],
  }),
  entry('Pipeline', {
    uiName: 'Pipeline',
    doc: 'Stages with what stands in them, and their release flows. Inside a flow, only `${template.…}` is resolved here.',
    body: pipelineWithFlows,
    scope: 'project',
    outputs: ['id', 'name'],
  }),
] as const

export type ResourceKind = (typeof entries)[number]['kind']

export const resourceKinds: readonly ResourceEntry[] = entries

const byName = new Map<string, ResourceEntry>(entries.map((one) => [one.kind, one]))

export const resourceEntryOf = (kind: string): ResourceEntry | undefined => byName.get(kind)

/** A node that makes or changes a resource, found again by its name. */
export type ResourceNode = z.infer<(typeof resourceNodes)[number]>

export const resourceNodes = [
  resourceNode('Project'),
  resourceNode('ResourceTag'),
  resourceNode('CombinedService'),
  resourceNode('BuildService'),
  resourceNode('DeploymentService'),
  resourceNode('Job'),
  resourceNode('ManualJob'),
  resourceNode('CronJob'),
  resourceNode('Addon'),
  resourceNode('SecretGroup'),
  resourceNode('Volume'),
  resourceNode('Pipeline'),
] as const

export const isResourceNode = (node: { kind: string }): node is ResourceNode => byName.has(node.kind)
