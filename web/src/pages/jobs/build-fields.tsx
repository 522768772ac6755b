import { Select, Switch, TagsInput, Text, TextInput } from '@mantine/core'
import { GitFields } from '../../ui/git-fields.tsx'
import { PlanField } from '../../ui/plan-field.tsx'
import type { JobPartProps, JobPatch } from './job-form.ts'

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

type BuildSettings = NonNullable<JobPatch['buildSettings']>
type Configuration = NonNullable<JobPatch['buildConfiguration']>

const WAYS = [
  { value: 'found', label: 'As found in the code' },
  { value: 'dockerfile', label: 'By a Dockerfile' },
  { value: 'buildpack', label: 'By buildpacks' },
] as const

const wayOf = ({ dockerfile, buildpack }: BuildSettings): 'dockerfile' | 'buildpack' | 'found' => {
  if (dockerfile !== undefined) return 'dockerfile'
  return buildpack === undefined ? 'found' : 'buildpack'
}

/** How the job's own builds are made, and of which pushes. */
export function BuildFields(props: JobPartProps) {
  const { job, value, set, problem } = props
  const settings = value.buildSettings ?? {}
  // Once it was said how, that stays said.
  const canBeFound = wayOf((job.buildSettings ?? {}) as BuildSettings) === 'found'
  return (
    <>
      <Select
        label="How it is built"
        allowDeselect={false}
        data={WAYS.filter((way) => canBeFound || way.value !== 'found')}
        value={wayOf(settings)}
        onChange={(way) =>
          set({
            buildSettings:
              way === null || way === 'found' ? {} : { [way]: settings[way as 'dockerfile'] ?? {} },
          })
        }
      />
      <DockerfileFields {...props} />
      <BuildpackFields {...props} />
      <PlanField
        label="Plan of builds"
        value={value.billing?.buildPlan}
        problem={problem('billing.buildPlan')}
        set={(buildPlan) => set({ billing: { ...value.billing, buildPlan } })}
      />
      <PushFields {...props} />
    </>
  )
}

function DockerfileFields({ value, set, problem }: JobPartProps) {
  const { dockerfile } = value.buildSettings ?? {}
  if (dockerfile === undefined) return null
  const change = (part: typeof dockerfile): void =>
    set({ buildSettings: { dockerfile: { ...dockerfile, ...part } } })
  return (
    <>
      <TextInput
        label="Dockerfile"
        value={dockerfile.dockerFilePath ?? '/Dockerfile'}
        error={problem('buildSettings.dockerfile.dockerFilePath')}
        onChange={(event) => change({ dockerFilePath: event.currentTarget.value })}
      />
      <TextInput
        label="Build context"
        value={dockerfile.dockerWorkDir ?? '/'}
        error={problem('buildSettings.dockerfile.dockerWorkDir')}
        onChange={(event) => change({ dockerWorkDir: event.currentTarget.value })}
      />
      <TextInput
        label="Target stage"
        description="Left empty: the last"
        value={value.buildConfiguration?.dockerfileTarget ?? ''}
        error={problem('buildConfiguration.dockerfileTarget')}
        onChange={(event) =>
          set({
            buildConfiguration: { ...value.buildConfiguration, dockerfileTarget: event.currentTarget.value },
          })
        }
      />
    </>
  )
}

function BuildpackFields({ value, set, problem }: JobPartProps) {
  const { buildpack } = value.buildSettings ?? {}
  if (buildpack === undefined) return null
  const change = (part: typeof buildpack): void =>
    set({ buildSettings: { buildpack: { ...buildpack, ...part } } })
  return (
    <>
      <TextInput
        label="Builder"
        description="Left empty: the one of this Fairway"
        value={buildpack.builder ?? ''}
        error={problem('buildSettings.buildpack.builder')}
        onChange={(event) => change({ builder: event.currentTarget.value || undefined })}
      />
      <TextInput
        label="Build context"
        value={buildpack.buildContext ?? '/'}
        error={problem('buildSettings.buildpack.buildContext')}
        onChange={(event) => change({ buildContext: event.currentTarget.value })}
      />
    </>
  )
}

const PATHS = [
  { value: 'ignore', label: 'Pushes that change nothing but these are not built' },
  { value: 'allow', label: 'Only pushes that change one of these are built' },
] as const

function PushFields({ value, set, problem }: JobPartProps) {
  const configuration = value.buildConfiguration ?? {}
  const change = (part: Configuration): void => set({ buildConfiguration: { ...configuration, ...part } })
  return (
    <>
      <TagsInput
        label="Paths"
        description="Lines as in a .gitignore; enter adds one"
        value={configuration.pathIgnoreRules ?? []}
        error={problem('buildConfiguration.pathIgnoreRules')}
        onChange={(pathIgnoreRules) => change({ pathIgnoreRules })}
      />
      <Select
        label="What the paths mean"
        allowDeselect={false}
        data={PATHS}
        value={configuration.isAllowList === true ? 'allow' : 'ignore'}
        onChange={(meaning) => change({ isAllowList: meaning === 'allow' })}
      />
      <Switch
        label="A commit may ask not to be built, for instance with [skip ci]"
        checked={configuration.ciIgnoreFlagsEnabled !== false}
        onChange={(event) => change({ ciIgnoreFlagsEnabled: event.currentTarget.checked })}
      />
      <Switch
        label="A newer push aborts the build that runs"
        checked={configuration.abortOutdatedBuilds === true}
        onChange={(event) => change({ abortOutdatedBuilds: event.currentTarget.checked })}
      />
    </>
  )
}
