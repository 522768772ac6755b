import type { Stage } from '@fairway/contract/resources/pipeline'
import type { FlowKey } from '../../db/release-flows.ts'

/** What the ledger calls a release flow within its project: `pipeline/Stage`. */
export const flowName = ({ pipelineId, stage }: Pick<FlowKey, 'pipelineId' | 'stage'>): string =>
  `${pipelineId}/${stage}`

export function keyOfFlowName(projectId: string, name: string): FlowKey {
  const [pipelineId = '', stage = ''] = name.split('/')
  return { projectId, pipelineId, stage: stage as Stage }
}
