import type { FlowNode } from '@fairway/contract/nodes/kinds'
import type { FlowAddress } from '@fairway/contract/nodes/run-template'
import { holdsExpression } from '@fairway/contract/nodes/values'
import type { Problem } from './document.ts'

export type Resources = {
  services: ReadonlySet<string>
  jobs: ReadonlySet<string>
  addons: ReadonlySet<string>
}

/** What a flow may address: ids, as they are when the check is made. */
export type StageFacts = {
  /** The flow that is checked. */
  address: FlowAddress
  project: Resources
  stage: Resources
  /** Null: the flow's stage is the first one. */
  previous: (Resources & { name: string }) | null
  builders: {
    buildServices: ReadonlySet<string>
    combinedServices: ReadonlySet<string>
    /** Jobs that build from git themselves. */
    jobs: ReadonlySet<string>
  }
}

type Noun = 'service' | 'job' | 'addon'
const groups = { service: 'services', job: 'jobs', addon: 'addons' } as const satisfies Record<
  Noun,
  keyof Resources
>

type Judge = (id: string, noun: Noun, stage: StageFacts) => string | undefined
/** A value of a spec that names something: judged unless it is absent or holds an expression. */
type Named = { at: string; id: unknown; noun: unknown; judge: Judge }

type AnySpec = { kind: FlowNode['kind']; spec: unknown }

/** Whether what a node's spec addresses exists and belongs to the stage. `at`: the path of the spec. */
export function checkTargets(node: AnySpec, at: string, stage: StageFacts): Problem[] {
  const spec = (node.spec ?? {}) as Record<string, unknown>
  const named = namedBy(node.kind, spec).flatMap((one) => judge(one, at, stage))
  return [...named, ...checkProject(spec, at, stage), ...checkForm(node.kind, spec, at, stage)]
}

function judge({ at, id, noun, judge: rule }: Named, spec: string, stage: StageFacts): Problem[] {
  if (typeof id !== 'string' || holdsExpression(id) || !isNoun(noun)) return []
  const broken = rule(id, noun, stage)
  return broken === undefined ? [] : [{ path: `${spec}.${at}`, rule: broken }]
}

const isNoun = (value: unknown): value is Noun => value === 'service' || value === 'job' || value === 'addon'

function namedBy(kind: FlowNode['kind'], spec: Record<string, unknown>): Named[] {
  switch (kind) {
    case 'Release':
      return releaseNames(spec)
    case 'Build':
      return [{ at: 'id', id: spec.id, noun: spec.type, judge: canBuild }]
    case 'JobRun':
      return [{ at: 'jobId', id: spec.jobId, noun: 'job', judge: inStage }]
    case 'AddonBackup':
      return [{ at: 'addonId', id: spec.addonId, noun: 'addon', judge: inStage }]
    case 'Action':
    case 'Condition':
      return dataNames(spec)
    default:
      return []
  }
}

type Ends = { origin?: { id?: unknown; type?: unknown }; target?: { id?: unknown; type?: unknown } }

function releaseNames(spec: Record<string, unknown>): Named[] {
  const { origin, target } = spec as Ends
  const to: Named = { at: 'target.id', id: target?.id, noun: target?.type, judge: inStage }
  if (spec.type === 'deployment')
    return [to, { at: 'origin.id', id: origin?.id, noun: origin?.type, judge: inPreviousStage }]
  if (spec.type === 'build')
    return [to, { at: 'origin.id', id: origin?.id, noun: 'service', judge: canBuild }]
  return [to]
}

/** Actions and conditions name things in `spec.data`. */
function dataNames(spec: Record<string, unknown>): Named[] {
  const data = dataOf(spec)
  return (['service', 'job', 'addon'] as const).map((noun) => ({
    at: `spec.data.${noun}Id`,
    id: data[`${noun}Id`],
    noun,
    judge: inStage,
  }))
}

const dataOf = (spec: Record<string, unknown>): Record<string, unknown> =>
  ((spec.spec as { data?: Record<string, unknown> } | undefined)?.data ?? {}) as Record<string, unknown>

const inStage: Judge = (id, noun, { stage, project, address }) => {
  if (stage[groups[noun]].has(id)) return undefined
  if (!project[groups[noun]].has(id)) return unknown(id, noun)
  return `${noun} "${id}" is not in stage ${address.stage} of pipeline "${address.pipelineId}". Add it to the stage, or choose one of it.`
}

const inPreviousStage: Judge = (id, noun, { previous, project, address }) => {
  if (previous === null)
    return `stage ${address.stage} has no stage before it to promote from. Deploy a build or an image instead.`
  if (previous[groups[noun]].has(id)) return undefined
  if (!project[groups[noun]].has(id)) return unknown(id, noun)
  return `${noun} "${id}" is not in stage ${previous.name}: a promotion comes from the stage directly before. Choose one of it.`
}

const canBuild: Judge = (id, noun, { builders, project, address }) => {
  const local = id.startsWith(`${address.projectId}/`) ? id.slice(address.projectId.length + 1) : id
  if (local.includes('/'))
    return `"${id}" is in another project. Build in this project, ${address.projectId}.`
  const able =
    noun === 'job'
      ? builders.jobs.has(local)
      : builders.buildServices.has(local) || builders.combinedServices.has(local)
  if (able) return undefined
  const known = noun === 'job' ? project.jobs : project.services
  if (!known.has(local)) return unknown(id, noun)
  return `${noun} "${id}" does not build. Name a build service${noun === 'job' ? ', or a job that builds from git' : ''}.`
}

const unknown = (id: string, noun: Noun): string =>
  `there is no ${noun} "${id}" in this project. Check the id.`

function checkProject(spec: Record<string, unknown>, at: string, { address }: StageFacts): Problem[] {
  const context = spec.context as { projectId?: unknown } | undefined
  const places = [
    { path: `${at}.projectId`, id: spec.projectId },
    { path: `${at}.context.projectId`, id: context?.projectId },
    { path: `${at}.spec.data.projectId`, id: dataOf(spec).projectId },
  ]
  return places.flatMap(({ path, id }) =>
    typeof id !== 'string' || holdsExpression(id) || id === address.projectId
      ? []
      : [
          {
            path,
            rule: `a release flow addresses its own project only: write "${address.projectId}" or leave it out.`,
          },
        ],
  )
}

function checkForm(
  kind: FlowNode['kind'],
  spec: Record<string, unknown>,
  at: string,
  { builders }: StageFacts,
): Problem[] {
  if (kind === 'Build') return buildForm(spec, at, builders.buildServices)
  if (kind === 'Release' && spec.type === 'build') return releaseForm(spec, at)
  return []
}

function buildForm(spec: Record<string, unknown>, at: string, buildServices: ReadonlySet<string>): Problem[] {
  const [branch, pull] = [spec.branch !== undefined, spec.pullRequestId !== undefined]
  if (branch && pull)
    return [{ path: `${at}.pullRequestId`, rule: 'give either branch or pullRequestId, not both.' }]
  if (!branch && !pull && typeof spec.id === 'string' && buildServices.has(spec.id))
    return [{ path: `${at}.branch`, rule: 'is missing: say which branch, or give a pullRequestId.' }]
  return []
}

function releaseForm(spec: Record<string, unknown>, at: string): Problem[] {
  const origin = spec.origin as { id?: unknown; build?: unknown; branch?: unknown; pullRequestId?: unknown }
  const both = origin.branch !== undefined && origin.pullRequestId !== undefined
  if (both)
    return [{ path: `${at}.origin.pullRequestId`, rule: 'give either branch or pullRequestId, not both.' }]
  if (origin.id !== undefined || holdsExpression(origin.build)) return []
  const named = origin.build !== undefined && origin.build !== 'latest'
  return named
    ? []
    : [{ path: `${at}.origin.id`, rule: 'is missing: name the build service, or give build as a reference.' }]
}
