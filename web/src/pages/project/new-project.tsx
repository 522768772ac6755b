import { projectBody } from '@fairway/contract/resources/project'
import { createProject } from '@fairway/contract/routes/projects'
import { IconPlus } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { call } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'
import { DialogButton } from '../../ui/dialog-button.tsx'
import { NameFields } from '../../ui/name-fields.tsx'

/** Makes a project and goes to it. */
export function NewProject() {
  const navigate = useNavigate()
  return (
    <DialogButton
      label="New project"
      icon={<IconPlus size={16} />}
      action="Create"
      schema={projectBody}
      initial={{ name: '' }}
      fields={['name', 'description']}
      run={async (body) => {
        const { id } = await call(createProject, { body })
        await queryClient.invalidateQueries({ queryKey: ['projects'] })
        await navigate({ to: `/projects/${id}` as never })
      }}
    >
      {({ value, set, problem }) => <NameFields value={value} set={set} problem={problem} />}
    </DialogButton>
  )
}
