import { z } from 'zod'
import { actionSpec } from './action.ts'
import { addonBackupSpec } from './addon-backup.ts'
import { approvalSpec } from './approval.ts'
import { buildSpec } from './build.ts'
import { conditionSpec } from './condition.ts'
import { awaitableNode, DEFAULT_TIMEOUT_SECONDS, MAX_LONG_TIMEOUT_SECONDS, plainNode } from './envelope.ts'
import { jobRunSpec } from './job-run.ts'
import { loopDataSpec } from './loop-data.ts'
import { loopWorkflowSpec } from './loop-workflow.ts'
import { messageSpec } from './message.ts'
import { releaseSpec } from './release.ts'
import { type ResourceNode, resourceEntryOf, resourceKinds, resourceNodes } from './resources/kinds.ts'
import { runTemplateSpec } from './run-template.ts'
import { resolved, written } from './values.ts'
import { workflowSpec } from './workflow.ts'

const LONG = MAX_LONG_TIMEOUT_SECONDS

const release = awaitableNode({ kind: 'Release', condition: 'running', spec: releaseSpec(written) })
const build = awaitableNode({ kind: 'Build', condition: 'success', spec: buildSpec(written) })
const jobRun = awaitableNode({ kind: 'JobRun', condition: 'success', spec: jobRunSpec(written) })
const addonBackup = awaitableNode({
  kind: 'AddonBackup',
  condition: 'success',
  spec: addonBackupSpec(written),
})
const action = plainNode({ kind: 'Action', spec: actionSpec(written) })
const condition = plainNode({ kind: 'Condition', spec: conditionSpec(written) })
const message = plainNode({ kind: 'Message', spec: messageSpec(written) })
const approval = plainNode({ kind: 'Approval', spec: approvalSpec(written), maxTimeout: LONG })
const runTemplate = awaitableNode({
  kind: 'RunTemplate',
  condition: 'success',
  spec: runTemplateSpec(written),
  maxTimeout: LONG,
})
const loopData = plainNode({ kind: 'LoopData', spec: loopDataSpec.optional() })

const leaves = [
  release,
  build,
  jobRun,
  addonBackup,
  action,
  condition,
  message,
  approval,
  runTemplate,
  loopData,
] as const

/** A node that does something, as written. */
export type LeafNode = z.infer<(typeof leaves)[number]>

type Container<K extends string, S> = Omit<LeafNode, 'kind' | 'spec' | 'condition'> & { kind: K; spec: S }
type Context = { context?: { projectId?: string | undefined } | undefined }

export type WorkflowNode = Container<
  'Workflow',
  Context & { type: 'sequential' | 'parallel'; steps: FlowNode[] }
>
export type LoopNode = Container<
  'LoopWorkflow',
  Context & {
    type?: 'sequential' | 'parallel' | undefined
    iterations: unknown[] | string
    steps: FlowNode[]
  }
>

/** Any node of a release flow, as written. */
export type StepNode = LeafNode | WorkflowNode | LoopNode
export type NodeKind = StepNode['kind']
/** Any node of a template: those of release flows, and the resources that it makes. */
export type FlowNode = StepNode | ResourceNode

const step: z.ZodType<FlowNode> = z.lazy(() => flowNode)

const workflow = plainNode({ kind: 'Workflow', spec: workflowSpec(written, step), maxTimeout: LONG })
const loopWorkflow = plainNode({
  kind: 'LoopWorkflow',
  spec: loopWorkflowSpec(written, step),
  maxTimeout: LONG,
})

/** What one kind of node is: its schemas, what it may wait for, how it is shown and described. */
export type KindEntry = {
  kind: NodeKind
  uiName: string
  group: 'structure' | 'build and deploy' | 'run' | 'data' | 'people' | 'wait'
  doc: string
  /** What `condition` may be; null: the kind has none, or holds it inside its spec. */
  condition: 'success' | 'running' | null
  /** Seconds after which it fails when no `timeoutDuration` is given; null: never of itself. */
  timeoutSeconds: number | null
  /** The whole node as written in a document. */
  node: z.ZodType
  /** Its `spec` with every expression resolved: what an executor receives. */
  spec: z.ZodType
  /** What `${refs.<ref>.…}` reads of it. */
  outputs: readonly string[]
}

const DAY_SECONDS = 86_400
const usual = DEFAULT_TIMEOUT_SECONDS

/** Every kind of node, in the order in which editors and the reference list them. */
export const kinds: readonly KindEntry[] = [
  {
    kind: 'Workflow',
    uiName: 'Sequential or parallel workflow',
    group: 'structure',
    doc: 'Holds steps. Sequential: each waits for the one before. Parallel: all start at once. A failed step fails it.',
    condition: null,
    timeoutSeconds: null,
    node: workflow,
    spec: workflowSpec(resolved, z.unknown()),
    outputs: [],
  },
  {
    kind: 'LoopWorkflow',
    uiName: 'Loop',
    group: 'structure',
    doc: 'Runs its steps once for each item: one iteration after another, or all at once with type parallel. No item is a success.',
    condition: null,
    timeoutSeconds: null,
    node: loopWorkflow,
    spec: loopWorkflowSpec(resolved, z.unknown()),
    outputs: ['iterations', 'count'],
  },
  {
    kind: 'LoopData',
    uiName: 'Loop data',
    group: 'structure',
    doc: 'Gives the item and the number of the current iteration a ref. Only inside a loop.',
    condition: null,
    timeoutSeconds: usual,
    node: loopData,
    spec: loopDataSpec.optional(),
    outputs: ['item', 'index'],
  },
  {
    kind: 'Build',
    uiName: 'Start build',
    group: 'build and deploy',
    doc: 'Builds a branch, a pull request or a commit. An existing build of the commit is reused unless told otherwise.',
    condition: 'success',
    timeoutSeconds: usual,
    node: build,
    spec: buildSpec(resolved),
    outputs: ['id', 'branch', 'sha', 'nfObjectId'],
  },
  {
    kind: 'Release',
    uiName: 'Deploy build, promote deployment, deploy image',
    group: 'build and deploy',
    doc: 'Deploys a build, what the stage before runs, or an external image to a service or job of this stage.',
    condition: 'running',
    timeoutSeconds: usual,
    node: release,
    spec: releaseSpec(resolved),
    outputs: ['revisionId', 'changed'],
  },
  {
    kind: 'JobRun',
    uiName: 'Run job',
    group: 'run',
    doc: 'Starts a run of a job, with settings of its own for this run.',
    condition: 'success',
    timeoutSeconds: usual,
    node: jobRun,
    spec: jobRunSpec(resolved),
    outputs: ['id', 'runName'],
  },
  {
    kind: 'AddonBackup',
    uiName: 'Run backup',
    group: 'data',
    doc: 'Backs up a running addon.',
    condition: 'success',
    timeoutSeconds: usual,
    node: addonBackup,
    spec: addonBackupSpec(resolved),
    outputs: ['id', 'addonId'],
  },
  {
    kind: 'Action',
    uiName: 'Run action',
    group: 'run',
    doc: 'Restarts a service or an addon, executes a command in a service or a job, or restores a backup.',
    condition: null,
    timeoutSeconds: usual,
    node: action,
    spec: actionSpec(resolved),
    outputs: ['id', 'exitCode', 'output'],
  },
  {
    kind: 'Condition',
    uiName: 'Await condition',
    group: 'wait',
    doc: 'Waits until a service or addon runs, or until a build, job run or backup has succeeded.',
    condition: null,
    timeoutSeconds: usual,
    node: condition,
    spec: conditionSpec(resolved),
    outputs: ['status'],
  },
  {
    kind: 'Message',
    uiName: 'Message',
    group: 'people',
    doc: 'Posts a message to a URL.',
    condition: null,
    timeoutSeconds: usual,
    node: message,
    spec: messageSpec(resolved),
    outputs: ['status'],
  },
  {
    kind: 'Approval',
    uiName: 'Approval',
    group: 'people',
    doc: 'Waits until so many different people have approved. One rejection, or no answer in 24 hours, fails it.',
    condition: null,
    timeoutSeconds: DAY_SECONDS,
    node: approval,
    spec: approvalSpec(resolved),
    outputs: ['approvals'],
  },
  {
    kind: 'RunTemplate',
    uiName: 'Run template',
    group: 'run',
    doc: 'Starts the release flow of another stage or pipeline.',
    condition: 'success',
    timeoutSeconds: usual,
    node: runTemplate,
    spec: runTemplateSpec(resolved),
    outputs: ['id', 'status'],
  },
]

export const kindNames: readonly NodeKind[] = kinds.map((entry) => entry.kind)

const byName = new Map<string, KindEntry>(kinds.map((entry) => [entry.kind, entry]))

/** What is known of any kind of node, those of templates included. */
export type AnyKindEntry = Pick<KindEntry, 'uiName' | 'doc' | 'timeoutSeconds' | 'node' | 'spec' | 'outputs'>

export const kindOf = (kind: string): AnyKindEntry | undefined => byName.get(kind) ?? resourceEntryOf(kind)

/** Any node of a release flow or a template as written, chosen by its `kind`. */
export const flowNode = z
  .discriminatedUnion('kind', [workflow, loopWorkflow, ...leaves, ...resourceNodes], {
    error: `is not a kind of step. Known kinds: ${kindNames.join(', ')}; in templates also ${resourceKinds.map(({ kind }) => kind).join(', ')}`,
  })
  .meta({ id: 'FlowNode' })

/** The root of a flow. */
export const rootNode = workflow
