import { stages } from '@fairway/contract/resources/pipeline'
import { getReleaseFlow } from '@fairway/contract/routes/release-flows'
import { useQuery } from '@tanstack/react-query'
import { readIfAny } from '../../api/queries.ts'
import { documentOf } from '../../flow/document-of.ts'
import { emptyFlow } from '../../flow/edits.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { usePathParams } from '../path-params.ts'
import { FlowEditor } from './flow-editor.tsx'

/** The release flow of a stage, drawn and as text. A stage without one begins with an empty flow. */
export function FlowPage() {
  const { stage: inAddress, ...place } = usePathParams('projectId', 'pipelineId', 'stage')
  const stage = stages.find((name) => name.toLowerCase() === inAddress.toLowerCase()) ?? inAddress
  const params = { ...place, stage }
  const query = useQuery(readIfAny(getReleaseFlow, { params }))
  return (
    <Loaded query={query}>
      {(flow) => (
        <FlowEditor
          params={params}
          saved={flow === null ? emptyFlow() : documentOf(flow)}
          version={flow?.version}
          hiddenArguments={flow?.argumentOverrideNames ?? []}
        />
      )}
    </Loaded>
  )
}
