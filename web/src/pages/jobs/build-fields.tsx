import { Switch, Text, TextInput } from '@mantine/core'
import { BuildConfigurationFields } from '../../ui/build-configuration-fields.tsx'
import { BuildSettingsFields } from '../../ui/build-settings-fields.tsx'
import { GitFields } from '../../ui/git-fields.tsx'
import { PlanField } from '../../ui/plan-field.tsx'
import type { JobPartProps } from './job-form.ts'

/** Where versions come from, and which of them are taken by themselves. */
export function SourceFields({ job, value, set, problem }: JobPartProps) {
  const { vcs } = value.deployment ?? {}
  return (
    <>
      {vcs !== undefined && (
        <GitFields
          value={{ projectUrl: vcs.projectUrl ?? '', projectBranch: vcs.projectBranch ?? '' }}
          set={(next) => set({ deployment: { ...value.deployment, vcs: { ...vcs, ...next } } })}
          problem={(field) => problem(field.replace('vcsData', 'deployment.vcs'))}
        />
      )}
      {vcs !== undefined && (
        <Switch
          label="Build what is pushed"
          checked={value.disabledCI !== true}
          onChange={(event) => set({ disabledCI: !event.currentTarget.checked })}
        />
      )}
      {vcs !== undefined || job.deployment.internal !== undefined ? (
        <Switch
          label="Take every new build of the branch"
          checked={value.disabledCD !== true}
          onChange={(event) => set({ disabledCD: !event.currentTarget.checked })}
        />
      ) : (
        <Text size="sm">
          {job.deployment.external === undefined
            ? 'It has none yet: deploy one, or let a release bring one.'
            : `The image ${job.deployment.external.imagePath}; deploy another one, or let a release bring it.`}
        </Text>
      )}
    </>
  )
}

type BuildSettings = Parameters<typeof BuildSettingsFields>[0]['value']

/** How the job's own builds are made, and of which pushes. */
export function BuildFields({ job, value, set, problem }: JobPartProps) {
  const settings = (value.buildSettings ?? {}) as BuildSettings
  const configuration = value.buildConfiguration ?? {}
  return (
    <>
      <BuildSettingsFields
        value={settings}
        // Once it was said how, that stays said.
        isSaid={['dockerfile', 'buildpack'].some((way) => way in (job.buildSettings ?? {}))}
        set={(buildSettings) => set({ buildSettings })}
        problem={problem}
      />
      {settings.dockerfile !== undefined && (
        <TextInput
          label="Target stage"
          description="Left empty: the last"
          value={configuration.dockerfileTarget ?? ''}
          error={problem('buildConfiguration.dockerfileTarget')}
          onChange={(event) =>
            set({ buildConfiguration: { ...configuration, dockerfileTarget: event.currentTarget.value } })
          }
        />
      )}
      <PlanField
        label="Plan of builds"
        value={value.billing?.buildPlan}
        problem={problem('billing.buildPlan')}
        set={(buildPlan) => set({ billing: { ...value.billing, buildPlan } })}
      />
      <BuildConfigurationFields
        value={configuration}
        set={(buildConfiguration) => set({ buildConfiguration })}
        problem={problem}
      />
    </>
  )
}
