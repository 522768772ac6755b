import { type PipelineObject, pipelinePatch, type Stage, stages } from '@fairway/contract/resources/pipeline'
import type { pipelineView } from '@fairway/contract/routes/pipelines'
import { patchPipeline } from '@fairway/contract/routes/pipelines'
import { Alert, MultiSelect } from '@mantine/core'
import { IconPencil } from '@tabler/icons-react'
import type { z } from 'zod'
import { call } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'
import { changesOf } from '../../ui/changes-of.ts'
import { DialogButton } from '../../ui/dialog-button.tsx'
import { DescriptionField } from '../../ui/name-fields.tsx'
import { choicesOf, keyOf, placed } from './member-choices.ts'
import { useCandidates } from './use-candidates.ts'

type EditPipelineProps = {
  params: { projectId: string; pipelineId: string }
  pipeline: Pick<z.output<typeof pipelineView>, 'name' | 'description' | 'nfObjects'>
}

/** Changes what a pipeline says of itself, and which resources stand in which stage. */
export function EditPipeline({ params, pipeline }: EditPipelineProps) {
  const saved: z.input<typeof pipelinePatch> = {
    description: pipeline.description,
    nfObjects: pipeline.nfObjects,
  }
  return (
    <DialogButton
      label="Edit"
      title={`Edit ${pipeline.name}`}
      icon={<IconPencil size={14} />}
      variant="default"
      size="xs"
      action="Save"
      schema={pipelinePatch}
      initial={saved}
      fields={['description', 'nfObjects']}
      run={async (body) => {
        await call(patchPipeline, { params, body: changesOf(saved, body) ?? {} })
        await queryClient.invalidateQueries({ queryKey: ['projects', params.projectId, 'pipelines'] })
      }}
    >
      {({ value, set, problem }) => (
        <>
          <DescriptionField value={value} set={set} problem={problem} />
          <StageMembers
            projectId={params.projectId}
            value={(value.nfObjects ?? []) as PipelineObject[]}
            problem={problem('nfObjects')}
            set={(nfObjects) => set({ nfObjects })}
          />
        </>
      )}
    </DialogButton>
  )
}

type StageMembersProps = {
  projectId: string
  value: readonly PipelineObject[]
  problem: string | undefined
  set(value: PipelineObject[]): void
}

/** A list of resources for each stage; each resource stands in one of them. */
function StageMembers({ projectId, value, problem, set }: StageMembersProps) {
  const candidates = useCandidates(projectId)
  return (
    <>
      {stages.map((stage: Stage) => (
        <MultiSelect
          key={stage}
          label={stage}
          placeholder={candidates === undefined ? 'Loading' : 'Services, jobs and addons'}
          searchable
          nothingFoundMessage="No other deployment service, job without a repository, or addon"
          data={choicesOf(candidates ?? [], value, stage)}
          value={value.filter((member) => member.stage === stage).map(keyOf)}
          onChange={(keys) => set(placed(value, stage, keys))}
        />
      ))}
      {problem !== undefined && (
        <Alert role="alert" color="red">
          {problem}
        </Alert>
      )}
    </>
  )
}
