import type { ForeseenStep } from '../flows/flow-rules.ts'

type Spec = {
  id?: string
  branch?: string
  sha?: string
  type?: string
  origin?: { id?: string; imagePath?: string; build?: string; branch?: string }
  target?: { id?: string; type?: string }
  jobId?: string
  addonId?: string
  amount?: number
  templateId?: string
  kind?: string
  spec?: { type?: string; data?: Record<string, unknown> }
}

/** One step of a flow as a sentence. */
export function describeStep({ kind, spec: any }: Pick<ForeseenStep, 'kind' | 'spec'>): string {
  const spec = (any ?? {}) as Spec
  switch (kind) {
    case 'Build':
      return `Build ${spec.sha ?? spec.branch ?? 'the branch'} with "${spec.id}".`
    case 'Release':
      return describeRelease(spec)
    case 'JobRun':
      return `Run job "${spec.jobId}".`
    case 'AddonBackup':
      return `Back up addon "${spec.addonId}".`
    case 'Approval':
      return `Wait for ${spec.amount} ${spec.amount === 1 ? 'approval' : 'approvals'}.`
    case 'RunTemplate':
      return `Run the release flow "${spec.templateId}".`
    case 'Message':
      return 'Send a message.'
    case 'Condition':
      return `Wait until ${targetOf(spec)} is ${spec.spec?.type}.`
    case 'Action':
      return describeAction(spec)
    default:
      return `${kind}.`
  }
}

function describeRelease({ type, origin = {}, target = {} }: Spec): string {
  const to = `${target.type} "${target.id}"`
  if (type === 'deployment') return `Promote what "${origin.id}" runs to ${to}.`
  if (type === 'registry') return `Deploy image ${origin.imagePath} to ${to}.`
  return `Deploy build ${origin.build ?? 'latest'} of "${origin.id ?? origin.branch ?? ''}" to ${to}.`
}

function describeAction(spec: Spec): string {
  const type = spec.spec?.type
  if (type === 'execute') return `Execute a command in ${targetOf(spec)}.`
  if (type === 'restore') return `Restore a backup of ${targetOf(spec)}.`
  return `Restart ${targetOf(spec)}.`
}

function targetOf({ kind, spec }: Spec): string {
  const data = spec?.data ?? {}
  const id = data.serviceId ?? data.buildId ?? data.runId ?? data.jobId ?? data.backupId ?? data.addonId
  return `${kind === 'AddonBackup' ? 'addon' : (kind ?? 'it').toLowerCase()} "${String(id)}"`
}
