import { pipelineBody } from '@fairway/contract/resources/pipeline'
import { createPipeline } from '@fairway/contract/routes/pipelines'
import { useNavigate } from '@tanstack/react-router'
import { call } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'
import { DialogButton } from '../../ui/dialog-button.tsx'
import { NameFields } from '../../ui/name-fields.tsx'

/** Makes a pipeline and goes to its board. */
export function NewPipeline({ projectId }: { projectId: string }) {
  const navigate = useNavigate()
  return (
    <DialogButton
      label="New pipeline"
      variant="default"
      size="xs"
      action="Create"
      schema={pipelineBody}
      initial={{ name: '' }}
      fields={['name', 'description']}
      run={async (body) => {
        const { id } = await call(createPipeline, { params: { projectId }, body })
        await queryClient.invalidateQueries({ queryKey: ['projects', projectId] })
        await navigate({ to: `/projects/${projectId}/pipelines/${id}` as never })
      }}
    >
      {({ value, set, problem }) => <NameFields value={value} set={set} problem={problem} />}
    </DialogButton>
  )
}
