import { deletePipeline } from '@fairway/contract/routes/pipelines'
import { useNavigate } from '@tanstack/react-router'
import { call } from '../../api/client.ts'
import { DeleteButton } from '../../ui/delete-button.tsx'

type DeletePipelineProps = { params: { projectId: string; pipelineId: string }; name: string }

/** Deletes a pipeline once its name was typed. */
export function DeletePipeline({ params, name }: DeletePipelineProps) {
  const navigate = useNavigate()
  return (
    <DeleteButton
      kind="pipeline"
      name={name}
      what="Its release flows and the history of their runs are removed for good. Its services, jobs and addons go on as they are."
      run={() => call(deletePipeline, { params })}
      refresh={['projects', params.projectId]}
      after={() => void navigate({ to: `/projects/${params.projectId}` as never })}
    />
  )
}
