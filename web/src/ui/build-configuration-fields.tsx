import type { PatchOf } from '@fairway/contract/patch-of'
import type { BuildConfiguration } from '@fairway/contract/resources/build-settings'
import { listRegistries } from '@fairway/contract/routes/registries'
import { MultiSelect, Select, Switch, TagsInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { read } from '../api/queries.ts'
import { WHOLE_LIST } from '../api/whole-list.ts'

type Configuration = PatchOf<BuildConfiguration>

type BuildConfigurationFieldsProps = {
  value: Configuration
  set(value: Configuration): void
  /** Of a field of the body that holds it: `buildConfiguration.pathIgnoreRules`. */
  problem(field: string): string | undefined
}

/** Which pushes are built, and with whose credentials. */
export function BuildConfigurationFields({ value, set, problem }: BuildConfigurationFieldsProps) {
  const change = (part: Configuration): void => set({ ...value, ...part })
  return (
    <>
      <CredentialsField
        chosen={value.dockerCredentials ?? []}
        error={problem('buildConfiguration.dockerCredentials')}
        choose={(dockerCredentials) => change({ dockerCredentials })}
      />
      <PathFields value={value} change={change} problem={problem} />
      <Switch
        label="A commit may ask not to be built, for instance with [skip ci]"
        checked={value.ciIgnoreFlagsEnabled !== false}
        onChange={(event) => change({ ciIgnoreFlagsEnabled: event.currentTarget.checked })}
      />
      <Switch
        label="A newer push aborts the build that runs"
        checked={value.abortOutdatedBuilds === true}
        onChange={(event) => change({ abortOutdatedBuilds: event.currentTarget.checked })}
      />
    </>
  )
}

type CredentialsFieldProps = {
  chosen: string[]
  error: string | undefined
  choose(ids: string[]): void
}

/** Of private images that builds start from. */
function CredentialsField({ chosen, error, choose }: CredentialsFieldProps) {
  const registries = useQuery(read(listRegistries, { query: WHOLE_LIST })).data?.registries ?? []
  if (registries.length === 0 && chosen.length === 0) return null
  return (
    <MultiSelect
      label="Credentials of registries"
      description="For private images that builds start from"
      data={registries.map(({ id, name, registryUrl }) => ({ value: id, label: `${name}: ${registryUrl}` }))}
      value={chosen}
      error={error}
      onChange={choose}
    />
  )
}

const PATHS = [
  { value: 'ignore', label: 'Pushes that change nothing but these are not built' },
  { value: 'allow', label: 'Only pushes that change one of these are built' },
] as const

type PathFieldsProps = Pick<BuildConfigurationFieldsProps, 'value' | 'problem'> & {
  change(part: Configuration): void
}

function PathFields({ value, change, problem }: PathFieldsProps) {
  return (
    <>
      <TagsInput
        label="Paths"
        description="Lines as in a .gitignore; enter adds one"
        value={value.pathIgnoreRules ?? []}
        error={problem('buildConfiguration.pathIgnoreRules')}
        onChange={(pathIgnoreRules) => change({ pathIgnoreRules })}
      />
      <Select
        label="What the paths mean"
        allowDeselect={false}
        data={PATHS}
        value={value.isAllowList === true ? 'allow' : 'ignore'}
        onChange={(meaning) => change({ isAllowList: meaning === 'allow' })}
      />
    </>
  )
}
