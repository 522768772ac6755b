import { buildService, combinedService, deploymentService } from '@fairway/contract/resources/service'
import { createBuildService, createCombined, createDeployment } from '@fairway/contract/routes/services'
import { TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { call } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'
import { DialogButton } from '../../ui/dialog-button.tsx'
import { GitFields } from '../../ui/git-fields.tsx'
import { NameFields } from '../../ui/name-fields.tsx'
import { FirstPort } from './first-port.tsx'

type Props = { projectId: string }

function useMade(projectId: string) {
  const navigate = useNavigate()
  return async ({ id }: { id: string }): Promise<void> => {
    await queryClient.invalidateQueries({ queryKey: ['projects', projectId] })
    await navigate({ to: `/projects/${projectId}/services/${id}` as never })
  }
}

const shared = { variant: 'default', size: 'xs', action: 'Create' } as const
const GIT = ['vcsData.projectUrl', 'vcsData.projectBranch']
const PORT = ['ports.0.internalPort', 'ports.0.name']
const NAMES = ['name', 'description']

/** Makes a service that builds and runs one branch, and goes to it. */
export function NewCombined({ projectId }: Props) {
  const made = useMade(projectId)
  return (
    <DialogButton
      {...shared}
      label="New combined service"
      schema={combinedService}
      initial={{ name: '', vcsData: { projectUrl: '', projectBranch: 'main' } }}
      fields={[...NAMES, ...GIT, ...PORT]}
      run={async (body) => made(await call(createCombined, { params: { projectId }, body }))}
    >
      {({ value, set, problem }) => (
        <>
          <NameFields value={value} set={set} problem={problem} />
          <GitFields value={value.vcsData} set={(vcsData) => set({ vcsData })} problem={problem} />
          <FirstPort value={value.ports} set={(ports) => set({ ports })} problem={problem} />
        </>
      )}
    </DialogButton>
  )
}

/** Makes a service that builds branches for others to run, and goes to it. */
export function NewBuild({ projectId }: Props) {
  const made = useMade(projectId)
  return (
    <DialogButton
      {...shared}
      label="New build service"
      schema={buildService}
      initial={{ name: '', vcsData: { projectUrl: '' } }}
      fields={[...NAMES, ...GIT]}
      run={async (body) => made(await call(createBuildService, { params: { projectId }, body }))}
    >
      {({ value, set, problem }) => (
        <>
          <NameFields value={value} set={set} problem={problem} />
          <TextInput
            label="Git repository"
            description="https, ssh or file URL"
            withAsterisk
            value={value.vcsData.projectUrl}
            error={problem('vcsData.projectUrl')}
            onChange={(event) => set({ vcsData: { projectUrl: event.currentTarget.value } })}
          />
        </>
      )}
    </DialogButton>
  )
}

/** Makes a service that runs an image, or what is deployed to it later, and goes to it. */
export function NewDeployment({ projectId }: Props) {
  const made = useMade(projectId)
  return (
    <DialogButton
      {...shared}
      label="New deployment service"
      schema={deploymentService}
      initial={{ name: '' }}
      fields={[...NAMES, ...PORT, 'deployment.external.imagePath']}
      run={async (body) => made(await call(createDeployment, { params: { projectId }, body }))}
    >
      {({ value, set, problem }) => (
        <>
          <NameFields value={value} set={set} problem={problem} />
          <TextInput
            label="External image"
            description="For instance nginx:1.27. Left empty: a build is deployed to it later."
            value={value.deployment?.external?.imagePath ?? ''}
            error={problem('deployment.external.imagePath')}
            onChange={({ currentTarget: { value: imagePath } }) =>
              set({ deployment: imagePath === '' ? {} : { external: { imagePath } } })
            }
          />
          <FirstPort value={value.ports} set={(ports) => set({ ports })} problem={problem} />
        </>
      )}
    </DialogButton>
  )
}
