import { deleteProject } from '@fairway/contract/routes/projects'
import { useNavigate } from '@tanstack/react-router'
import { call } from '../../api/client.ts'
import { DeleteButton } from '../../ui/delete-button.tsx'

/** Deletes a project with everything in it, once its name was typed. */
export function DeleteProject({ projectId, name }: { projectId: string; name: string }) {
  const navigate = useNavigate()
  return (
    <DeleteButton
      kind="project"
      name={name}
      what="Its services, jobs, addons with their data and backups, pipelines, secrets and history are removed for good."
      run={() => call(deleteProject, { params: { projectId }, query: { delete_child_objects: 'true' } })}
      refresh={['projects']}
      after={() => void navigate({ to: '/' })}
    />
  )
}
