import type { FlowNode } from '@fairway/contract/nodes/kinds'
import { buildLogStream, jobLogStream } from '@fairway/contract/routes/streams'
import { responseOf } from '../../flow/steps.ts'
import { LiveLog } from '../../ui/live-log.tsx'

/** The log of the job run or build that a step started. */
export function StepLog({ projectId, step }: { projectId: string; step: FlowNode }) {
  const { data } = responseOf(step) ?? {}
  if (data === undefined || typeof data.id !== 'string') return null
  const spec = (step.spec ?? {}) as { jobId?: string; id?: string }
  if (step.kind === 'JobRun' && spec.jobId !== undefined) {
    return (
      <LiveLog
        route={jobLogStream}
        params={{ projectId, jobId: spec.jobId }}
        query={{ follow: 'true', run: data.id, tail: 1000 }}
      />
    )
  }
  if (step.kind === 'Build') {
    const serviceId = typeof data.nfObjectId === 'string' ? data.nfObjectId : spec.id
    if (serviceId === undefined) return null
    return (
      <LiveLog
        route={buildLogStream}
        params={{ projectId, serviceId, buildId: data.id }}
        query={{ follow: 'true', tail: 1000 }}
      />
    )
  }
  return null
}
