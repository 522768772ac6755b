import { buildService, combinedService, deploymentService } from '@fairway/contract/resources/service'
import { createBuildService, createCombined, createDeployment } from '@fairway/contract/routes/services'
import { useNavigate } from '@tanstack/react-router'
import { call } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'
import { BuildRuleFields } from '../../ui/build-rule-fields.tsx'
import { BUILD_SETTINGS, BuildSettingsFields } from '../../ui/build-settings-fields.tsx'
import { DialogButton } from '../../ui/dialog-button.tsx'
import { GitFields, RepositoryField } from '../../ui/git-fields.tsx'
import { NameFields } from '../../ui/name-fields.tsx'
import { PlanField } from '../../ui/plan-field.tsx'
import { SOURCE, SourceFields } from '../../ui/source-fields.tsx'
import type { BodyForm } from '../../ui/use-body.ts'
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
const BUILT = ['vcsData.projectUrl', 'vcsData.projectBranch', ...BUILD_SETTINGS]
const RUN = ['ports.0.internalPort', 'ports.0.name', 'billing.deploymentPlan']
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
      fields={[...NAMES, ...BUILT, ...RUN]}
      run={async (body) => made(await call(createCombined, { params: { projectId }, body }))}
    >
      {(form) => (
        <>
          <NameFields {...form} />
          <GitFields
            value={form.value.vcsData}
            set={(vcsData) => form.set({ vcsData })}
            problem={form.problem}
          />
          <BuildSettingsFields
            value={form.value.buildSettings ?? {}}
            set={(buildSettings) => form.set({ buildSettings })}
            problem={form.problem}
          />
          <RunFields {...form} />
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
      fields={[
        ...NAMES,
        ...BUILT,
        'buildConfiguration.branchRestrictions',
        'buildConfiguration.prRestrictions',
        'billing.buildPlan',
      ]}
      run={async (body) => made(await call(createBuildService, { params: { projectId }, body }))}
    >
      {(form) => (
        <>
          <NameFields {...form} />
          <RepositoryField
            value={form.value.vcsData.projectUrl}
            set={(projectUrl) => form.set({ vcsData: { ...form.value.vcsData, projectUrl } })}
            problem={form.problem('vcsData.projectUrl')}
          />
          <BuildRuleFields
            value={form.value.buildConfiguration ?? {}}
            set={(rules) => form.set({ buildConfiguration: { ...form.value.buildConfiguration, ...rules } })}
            problem={form.problem}
          />
          <BuildSettingsFields
            value={form.value.buildSettings ?? {}}
            set={(buildSettings) => form.set({ buildSettings })}
            problem={form.problem}
          />
          <PlanField
            label="Plan of builds"
            none="What the server gives builds"
            value={form.value.billing?.buildPlan}
            problem={form.problem('billing.buildPlan')}
            set={(buildPlan) => form.set({ billing: { buildPlan } })}
          />
        </>
      )}
    </DialogButton>
  )
}

/** Makes a service that runs a build or an image, or what is deployed to it later, and goes to it. */
export function NewDeployment({ projectId }: Props) {
  const made = useMade(projectId)
  return (
    <DialogButton
      {...shared}
      label="New deployment service"
      schema={deploymentService}
      initial={{ name: '' }}
      fields={[...NAMES, ...SOURCE, ...RUN]}
      run={async (body) => made(await call(createDeployment, { params: { projectId }, body }))}
    >
      {(form) => {
        const { internal, external, ...deployment } = form.value.deployment ?? {}
        return (
          <>
            <NameFields {...form} />
            <SourceFields
              projectId={projectId}
              value={{ internal, external }}
              set={(source) => form.set({ deployment: { ...deployment, ...source } })}
              problem={form.problem}
            />
            <RunFields {...form} />
          </>
        )
      }}
    </DialogButton>
  )
}

type Running = BodyForm<typeof combinedService>['value']
type RunFieldsProps = {
  value: Pick<Running, 'ports' | 'billing'>
  set(change: Pick<Running, 'ports' | 'billing'>): void
  problem(field: string): string | undefined
}

/** How it runs: its port and how much it may use. */
function RunFields({ value, set, problem }: RunFieldsProps) {
  return (
    <>
      <FirstPort value={value.ports} set={(ports) => set({ ports })} problem={problem} />
      <PlanField
        label="Plan"
        description="Of each instance"
        none="No limit"
        value={value.billing?.deploymentPlan}
        problem={problem('billing.deploymentPlan')}
        set={(deploymentPlan) => set({ billing: { deploymentPlan } })}
      />
    </>
  )
}
