import { TextInput } from '@mantine/core'
import { BuildConfigurationFields } from '../../ui/build-configuration-fields.tsx'
import { BuildRuleFields } from '../../ui/build-rule-fields.tsx'
import { BuildSettingsFields } from '../../ui/build-settings-fields.tsx'
import { GitFields, RepositoryField } from '../../ui/git-fields.tsx'
import { PlanField } from '../../ui/plan-field.tsx'
import type { ServicePartProps, ServicePatch } from './service-form.ts'

type BuildSettings = Parameters<typeof BuildSettingsFields>[0]['value']
type Configuration = NonNullable<ServicePatch['buildConfiguration']>

/** The repository, and the branch or the rules of which branches are built. */
export function CodeFields(props: ServicePartProps) {
  const { service, value, set, problem } = props
  const vcsData = value.vcsData ?? {}
  if (service.serviceType === 'combined') {
    return (
      <GitFields
        value={{ projectUrl: vcsData.projectUrl ?? '', projectBranch: vcsData.projectBranch ?? '' }}
        set={(next) => set({ vcsData: { ...vcsData, ...next } })}
        problem={problem}
      />
    )
  }
  return (
    <>
      <RepositoryField
        value={vcsData.projectUrl ?? ''}
        set={(projectUrl) => set({ vcsData: { ...vcsData, projectUrl } })}
        problem={problem('vcsData.projectUrl')}
      />
      <BuildRuleFields value={value.buildConfiguration ?? {}} set={changing(props)} problem={problem} />
    </>
  )
}

/** Changes one part of what is said of builds. */
const changing =
  ({ value, set }: ServicePartProps) =>
  (part: Configuration): void =>
    set({ buildConfiguration: { ...value.buildConfiguration, ...part } })

/** How builds are made, and of which pushes. */
export function BuildFields(props: ServicePartProps) {
  const { saved, value, set, problem } = props
  const settings = (value.buildSettings ?? {}) as BuildSettings
  return (
    <>
      <BuildSettingsFields
        value={settings}
        // Once it was said how, that stays said.
        isSaid={Object.keys(saved.buildSettings ?? {}).some((way) => way !== 'storage')}
        set={(buildSettings) => set({ buildSettings })}
        problem={problem}
      />
      {settings.dockerfile !== undefined && (
        <TextInput
          label="Target stage"
          description="Left empty: the last"
          value={value.buildConfiguration?.dockerfileTarget ?? ''}
          error={problem('buildConfiguration.dockerfileTarget')}
          onChange={(event) => changing(props)({ dockerfileTarget: event.currentTarget.value })}
        />
      )}
      <PlanField
        label="Plan of builds"
        {...(saved.billing?.buildPlan === undefined && { none: 'What the server gives builds' })}
        value={value.billing?.buildPlan}
        problem={problem('billing.buildPlan')}
        set={(buildPlan) => set({ billing: { ...value.billing, buildPlan } })}
      />
      <BuildConfigurationFields
        value={value.buildConfiguration ?? {}}
        set={(buildConfiguration) => set({ buildConfiguration })}
        problem={problem}
      />
    </>
  )
}
